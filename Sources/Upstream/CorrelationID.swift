/// A name for one run of the program, which every call, event and log line of it carries.
package enum CorrelationID {
  /// Sixteen hexadecimal digits.
  package static func random() -> String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
