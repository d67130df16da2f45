import Configuration
import Foundation
import Model
import TestSupport
import Testing

@testable import Commands

/// What packages install besides the program.
@Suite struct ManualTests {
  @Test(arguments: ManualPage.allCases)
  private func `a page has every declaration, and no request that is none of man's`(
    page: ManualPage
  ) {
    let requests: Set = [".TH", ".SH", ".SS", ".TP", ".PP", ".B"]
    for line in page.text.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
      #expect(requests.contains(String(line.prefix { $0 != " " })), "\(line)")
    }
    let text = page.text.replacing("\\-", with: "-")
    let names =
      switch page {
      case .program: Program.commands.map(\.name) + Program.commands.flatMap(\.flags).map { "--\($0.name)" }
      case .settings: SettingCatalog.all.map(\.path)
      case .desired: ResourceSchema.all.flatMap { [$0.section] + $0.writtenFields.map(\.name) }
      }
    for name in names { #expect(text.contains(name), "\(name)") }
  }

  @Test func `the sample of the settings is valid once its marks are taken away, and changes nothing`() throws {
    let scratch = try Scratch()
    let lines = SampleSettings.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("#") && !line.hasPrefix("# ") || line.hasPrefix("#  ") ? String(line.dropFirst()) : String(line)
    }
    try scratch.write("reconciler.yaml", lines.joined(separator: "\n"))
    let nothing = SettingsReader.Inputs(flag: { _ in nil }, environment: { _ in nil })
    let (sample, warnings) = try SettingsLoader.load(file: "\(scratch.path)/reconciler.yaml", nothing)
    #expect(warnings == [])
    let standard = try SettingsLoader.load(file: nil, nothing).settings
    for (mine, other) in zip(sample.inForce, standard.inForce) {
      #expect(mine.definition.path == other.definition.path && mine.shown == other.shown, "\(mine.definition.path)")
    }
    #expect(SampleSettings.text.split(separator: "\n").count > SettingCatalog.all.count)
  }
}
