import Daemon
import HTTPServer
import Model
import Probe
import Reports

/// Badges of one host: an SVG, and the same for shields.io's endpoint badge.
struct BadgeRoutes {
  enum Metric: String, CaseIterable {
    case health
    case uptimeDay = "uptime-24h"
    case uptimeWeek = "uptime-7d"
    case uptimeMonth = "uptime-30d"
    case latency, sync
  }

  struct Badge: Encodable {
    var schemaVersion = 1
    var label: String
    var message: String
    var color: String
  }

  private let source: APISource

  init(_ source: APISource) { self.source = source }

  private static let metric = Route.Parameter(
    "metric", "What it shows; health without it.",
    ["type": "string", "enum": .array(Metric.allCases.map { .string($0.rawValue) })])

  var routes: [Route] {
    [
      Route(
        "GET", "/api/badges/{name}.svg", "getBadge", "A badge of a proxy host", parameters: [Self.metric],
        answers: [.init(200, "The badge.", ["image/svg+xml": Shape.string])]
      ) { request in .text(Self.svg(try await badge(request)), type: "image/svg+xml") },
      Route(
        "GET", "/api/badges/{name}.json", "getBadgeData", "A badge in shields.io's endpoint format",
        parameters: [Self.metric],
        answers: [
          .init(
            200, "The badge.",
            Shape.json(
              Shape.object([
                "schemaVersion": ["const": 1], "label": Shape.string, "message": Shape.string, "color": Shape.string,
              ])))
        ]
      ) { request in .json(try await badge(request)) },
    ]
  }

  private func badge(_ request: APIRequest) async throws -> Badge {
    let name = request.path["name"] ?? ""
    guard let metric = Metric(rawValue: request.query["metric"] ?? Metric.health.rawValue) else {
      throw Problem(
        400, .apiRequest, "there is no such metric",
        hint: "there are \(Metric.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let entry = try source.entries().first {
      $0.object.kind == .proxyHost && $0.object.name == name && $0.object.source != nil
    }
    guard let entry else { throw Problem(404, .unknownName, "the files have no proxy host of that name") }
    let report = await source.health().map(HealthReport.init)?.proxies.first { $0.name == name }
    switch metric {
    case .health:
      let health = report?.health ?? .unknown
      return Badge(label: name, message: health.rawValue, color: Self.color(health))
    case .uptimeDay: return uptime("24h", report?.availability.day)
    case .uptimeWeek: return uptime("7d", report?.availability.week)
    case .uptimeMonth: return uptime("30d", report?.availability.month)
    case .latency:
      let value = report?.latency.p95
      return Badge(
        label: "latency", message: value.map { "\(Int($0.rounded(.up))) ms" } ?? "unknown",
        color: value == nil ? "lightgrey" : "blue")
    case .sync where source.isOutOfDate: return Badge(label: "in sync", message: "unknown", color: "lightgrey")
    case .sync:
      let isInSync = entry.object.sync == .inSync
      return Badge(
        label: "in sync", message: isInSync ? "yes" : entry.object.sync.rawValue.replacing("_", with: " "),
        color: isInSync ? "brightgreen" : "orange")
    }
  }

  private func uptime(_ span: String, _ share: Double?) -> Badge {
    guard let share else { return Badge(label: "uptime \(span)", message: "unknown", color: "lightgrey") }
    // Rounded down: 100 % is only what was never away.
    let percent = (share * 10_000).rounded(.down) / 100
    let color = share >= 0.999 ? "brightgreen" : share >= 0.95 ? "yellow" : "red"
    return Badge(label: "uptime \(span)", message: "\(percent) %", color: color)
  }

  private static func color(_ health: Health) -> String {
    switch health {
    case .healthy: "brightgreen"
    case .unhealthy: "red"
    case .unknown: "lightgrey"
    }
  }

  private static let colors = [
    "brightgreen": "#4c1", "red": "#e05d44", "lightgrey": "#9f9f9f", "blue": "#007ec6", "orange": "#fe7d37",
    "yellow": "#dfb317",
  ]

  /// Two fields side by side, as wide as their texts need at six and a half points a character.
  private static func svg(_ badge: Badge) -> String {
    func width(_ text: String) -> Int { Int(Double(text.count) * 6.5) + 12 }
    let (left, right) = (width(badge.label), width(badge.message))
    let (label, message) = (escaped(badge.label), escaped(badge.message))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(left + right)" height="20" role="img" aria-label="\(label): \(message)">
      <rect width="\(left)" height="20" fill="#555"/>
      <rect x="\(left)" width="\(right)" height="20" fill="\(colors[badge.color] ?? "#9f9f9f")"/>
      <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
      <text x="\(left / 2)" y="14">\(label)</text>
      <text x="\(left + right / 2)" y="14">\(message)</text>
      </g></svg>

      """
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
