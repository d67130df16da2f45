#!/usr/bin/env bash
# Format, import directions, sizes, and marks of unfinished work.
set -euo pipefail
cd "$(dirname "$0")/.."
fail=0

swift format lint --strict --recursive Sources Tests Package.swift || fail=1

# Package.swift lists what each module may import; modules that are only reached through another do not count.
while IFS= read -r line; do
  module=$(sed -E 's/.*module\( *"([A-Za-z0-9]+)".*/\1/' <<<"$line")
  allowed=$(sed -E 's/.*\[([^]]*)\].*/\1/; s/[",]/ /g' <<<"$line")
  for import in $(grep -rhoE '^ *((package|public|internal|@preconcurrency) )*import [A-Za-z0-9]+' "Sources/$module" | awk '{print $NF}' | sort -u); do
    case $import in Glibc | Darwin | Dispatch | FoundationEssentials) continue ;; esac
    case " $allowed " in
    *" $import "*) ;;
    *) echo "Sources/$module imports $import, which Package.swift does not list for it" && fail=1 ;;
    esac
  done
done < <(tr '\n' ' ' <Package.swift | grep -oE 'module\( *"[A-Za-z0-9]+", *\[[^]]*\]')

for file in $(git ls-files -co --exclude-standard 'Sources/*.swift' 'Tests/*.swift'); do
  lines=$(wc -l <"$file")
  case $file in Sources/*) limit=300 ;; *) limit=400 ;; esac
  [ "$lines" -le "$limit" ] || { echo "$file has $lines lines, the limit is $limit" && fail=1; }
done

# Functions: from a 'func' or 'init' to the brace that closes it at the same indentation.
awk 'FNR == 1 { open = 0 }
  !open && /^ *((package|private|fileprivate|static|mutating|override|nonisolated|@[A-Za-z0-9]+) )*(func |init[(?])/ && !/}$/ {
    match($0, /^ */); indent = RLENGTH; start = FNR; open = 1; name = $0 }
  open && FNR > start { match($0, /^ */); if (RLENGTH == indent && /^ *}/) {
    if (FNR - start + 1 > 40) { print FILENAME ":" start ": a function of " FNR - start + 1 " lines, the limit is 40"; bad = 1 }
    open = 0 } }
  END { exit bad }' $(git ls-files -co --exclude-standard 'Sources/*.swift') || fail=1

# Words that only this project would know, or that hide who acts: the field's own terms say it better.
words='[Nn]obody|[Ss]omebody|[Aa]nybody|laps?|twin|culprit|relic|laid bare|neighbours|Wish|stray|Workbench|Courier'
if grep -rnE "\\b($words)\\b" Sources Package.swift scripts docs examples README.md CHANGELOG.md CONTRIBUTING.md --exclude=lint.sh; then
  echo "the lines above use words that CONTRIBUTING.md avoids" && fail=1
fi

if grep -rnE 'Lock<[^>]*->' Sources Tests --include='*.swift'; then
  echo "the locks above hold closures, which grow with each access: hold an object" && fail=1
fi

if grep -rnE 'try!|as! |fatalError\(|TODO|FIXME' Sources --include='*.swift'; then
  echo "the lines above need a proof beside them, or must go" && fail=1
fi

[ "$fail" -eq 0 ] && echo "lint: clean"
exit "$fail"
