import Files
import Testing
@Test func y() {}
