import Model
import Platform

/// Times as people say them: in their own zone, with how long ago that is.
struct LocalTime: Sendable {
  let now: Timestamp
  let zone: TimeZoneRules

  init(now: Timestamp = .now, zone: TimeZoneRules = .local) {
    self.now = now
    self.zone = zone
  }

  /// `14:02`; on another day `2026-11-21 14:02`.
  func clock(_ time: Timestamp) -> String {
    let text = local(time).sqlText.dropLast(3)
    return text.prefix(10) == local(now).sqlText.prefix(10) ? String(text.suffix(5)) : String(text)
  }

  /// `14:02 (5 min ago)`, `18:00 (in 3 h)`.
  func text(_ time: Timestamp) -> String { "\(clock(time)) (\(distance(time)))" }

  /// `5 min ago`, `in 3 h`.
  func distance(_ time: Timestamp) -> String {
    let seconds = now.seconds - time.seconds
    if (0..<2).contains(seconds) { return "now" }
    let length = Self.length(abs(seconds))
    return seconds < 0 ? "in \(length)" : "\(length) ago"
  }

  /// `12 s`, `5 min`, `3 h`, `40 days`.
  static func length(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(Int(seconds)) s"
    case ..<5400: "\(Int(seconds / 60)) min"
    case ..<172_800: "\(Int(seconds / 3600)) h"
    default: "\(Int(seconds / 86400)) days"
    }
  }

  private func local(_ time: Timestamp) -> Timestamp { time + Double(zone.offset(at: Int(time.seconds))) }
}

extension TimeZoneRules {
  /// The zone of `TZ`, else that of the machine.
  static let local: TimeZoneRules = {
    if let name = CurrentProcess.environment("TZ"), !name.isEmpty {
      return TimeZoneRules(name.hasPrefix(":") ? String(name.dropFirst()) : name) ?? .utc
    }
    return (try? Files.read("/etc/localtime")).flatMap { TimeZoneRules(file: $0) } ?? .utc
  }()
}
