/// nginx's error text without its prefix and suffix.
package enum NginxError {
  package static func short(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? text
    let bare = line.hasPrefix("nginx: [emerg] ") ? String(line.dropFirst("nginx: [emerg] ".count)) : line
    return bare.firstRange(of: " in /").map { String(bare[..<$0.lowerBound]) } ?? bare
  }
}
