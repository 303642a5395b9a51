import Documents
import Testing
@Test func x() {}
