/// The ID of one program run, carried by all its calls, events and log lines.
package enum CorrelationID {
  /// Sixteen hexadecimal digits.
  package static func random() -> String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
