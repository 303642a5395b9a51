import Fuzzing
import Glibc

// libFuzzer brings `main` and calls this with each input. BOBBIN_FUZZ names the target.

private let target: FuzzTarget = {
    guard let name = getenv("BOBBIN_FUZZ"), let target = FuzzTarget(rawValue: String(cString: name)) else {
        fatalError("BOBBIN_FUZZ must be one of \(FuzzTarget.allCases.map(\.rawValue))")
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do throws(Violation) {
        try target.check(bytes)
    } catch {
        fatalError("\(target): \(error)")
    }
    return 0
}
