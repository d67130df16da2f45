import NPMSimulator
import Platform
var s = Simulator.Settings(); s.port = 8181; s.hasControl = true
let sim = try Simulator(s)
let stop = StopSignal(); stop.listenToSignals()
await stop.wait(); try await sim.stop()
