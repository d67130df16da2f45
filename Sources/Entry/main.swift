import Commands
import Model
import Platform

Terminal.exit(await Program.main(Array(CommandLine.arguments.dropFirst())).rawValue)
