#!/usr/bin/env python3
"""The bill of materials of a binary, as SPDX 2.3: the Debian packages that it links to, and Swift's runtime in it.

Usage: sbom.py BINARY VERSION COMMIT
"""
import datetime, hashlib, json, os, re, subprocess, sys


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def main(binary, version, commit):
    needed = re.findall(r"NEEDED\s+(\S+)", output("objdump", "-p", binary))
    places = dict(re.findall(r"(\S+) => (\S+)", output("ldd", binary)))
    packages = set()
    for name in needed:
        place = places.get(name)
        if place:
            # Debian's database may know a file by the name before the merge of /lib and /usr/lib.
            for path in (os.path.realpath(place), place, place.removeprefix("/usr")):
                found = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True).stdout
                if found:
                    packages.add(found.split(":")[0])
                    break
    parts = []
    for package in sorted(packages):
        number, licence = output("dpkg-query", "-W", "-f=${Version}\t${source:Package}", package).split("\t")
        parts.append({"SPDXID": f"SPDXRef-{re.sub('[^A-Za-z0-9.-]', '-', package)}", "name": package, "versionInfo": number,
                      "downloadLocation": "NOASSERTION", "licenseConcluded": "NOASSERTION",
                      "sourceInfo": f"Debian source package {licence}, linked at run time"})
    swift = re.search(r"Swift version (\S+)", output("swift", "--version"))
    parts.append({"SPDXID": "SPDXRef-swift-runtime", "name": "swift-runtime", "versionInfo": swift[1] if swift else "unknown",
                  "downloadLocation": "https://www.swift.org", "licenseConcluded": "Apache-2.0 WITH Swift-exception",
                  "sourceInfo": "standard library, Foundation and Dispatch, linked into the binary"})
    with open(binary, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    made = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    product = {"SPDXID": "SPDXRef-reconciler", "name": "reconciler", "versionInfo": version, "sourceInfo": f"commit {commit}",
               "downloadLocation": "NOASSERTION", "licenseConcluded": "NOASSERTION",
               "checksums": [{"algorithm": "SHA256", "checksumValue": digest}]}
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": product["SPDXID"]}]
    relations += [{"spdxElementId": product["SPDXID"], "relationshipType": "DEPENDS_ON", "relatedSpdxElement": part["SPDXID"]}
                  for part in parts]
    print(json.dumps({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
                      "name": f"reconciler-{version}", "documentNamespace": f"https://example.com/reconciler/{version}/{digest[:16]}",
                      "creationInfo": {"created": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: reconciler-sbom"]},
                      "packages": [product] + parts, "relationships": relations}, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
