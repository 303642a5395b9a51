// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "bobbin",
    dependencies: [
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C that Swift cannot say: the leaf calls of Linux, and the library under the watcher.
        .target(name: "CLinux"),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),

        // The rooms, each of which imports only those above it.
        .target(name: "Documents", swiftSettings: strict),
        .target(
            name: "Threads",
            dependencies: ["CLinux", "Documents", system, heap, .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: strict),
        .target(name: "Files", dependencies: ["CLinux", "Documents", "Threads", system], swiftSettings: strict),
        .target(
            name: "Spool",
            dependencies: ["Files", "Documents", system, heap, .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: strict),
        .target(name: "Scheduling", dependencies: ["Documents"], swiftSettings: strict),
        .target(name: "Hosting", dependencies: ["CZlib", "Files", "Documents", "Scheduling", system], swiftSettings: strict),
        .target(name: "Watching", dependencies: ["CLinux", "Documents", "Files", "Threads", system], swiftSettings: strict),
        .target(name: "Execution", dependencies: ["CLinux", "Files", "Documents", "Threads", system], swiftSettings: strict),
        .target(name: "History", dependencies: ["Documents", "Files", "Threads", grdb, system], swiftSettings: strict),
        .target(
            name: "Engine",
            dependencies: [
                "Spool", "Watching", "Hosting", "Scheduling", "Execution", "History", "Files", "Documents", "Threads", system,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // Judges a root from outside; nothing that keeps a promise imports it.
        .target(name: "Verifying", dependencies: ["Spool", "Execution", "Files", "Documents", system], swiftSettings: strict),

        .executableTarget(
            name: "bobbin",
            dependencies: [
                "Verifying", "Engine", "Spool", "Watching", "Hosting", "Scheduling", "Execution", "History", "Files", "Documents",
                "Threads", system,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // A program of its own: the library is GPL-2, so nothing under the Apache licence may be linked with it. Fully
        // static, it needs no library at run time and a third of the memory.
        .executableTarget(
            name: "bobbin-watch", dependencies: ["CInotifyTools", "CLinux"], swiftSettings: strict,
            linkerSettings: Context.environment["BOBBIN_SANITIZE"] == nil ? [.unsafeFlags(["-static-executable"])] : []),

        // Start the built program as a process; they know it as its users do.
        .testTarget(name: "CommandTests", dependencies: ["TestSupport"], swiftSettings: strict),
        // What several of them need.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "ThreadsTests", dependencies: ["CLinux", "Threads"], swiftSettings: strict),
        .testTarget(name: "FilesTests", dependencies: ["Files", "Documents", "TestSupport", system], swiftSettings: strict),
        .testTarget(name: "SpoolTests", dependencies: ["Spool", "Files", "Documents", "TestSupport", system], swiftSettings: strict),
        .testTarget(
            name: "ExecutionTests", dependencies: ["CLinux", "Execution", "Files", "Documents", "TestSupport", "Threads", system],
            swiftSettings: strict),
        .testTarget(
            name: "EngineTests", dependencies: ["Engine", "Execution", "Spool", "Files", "Documents", "TestSupport", system],
            swiftSettings: strict),
        .testTarget(name: "SchedulingTests", dependencies: ["Scheduling", "Documents", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HostingTests", dependencies: ["CZlib", "Hosting", "Files", "Documents", "TestSupport", system], swiftSettings: strict),
        .testTarget(
            name: "HistoryTests", dependencies: ["Documents", "Files", "History", "TestSupport", grdb, system], swiftSettings: strict),
        .testTarget(
            name: "WatchingTests", dependencies: ["CLinux", "Documents", "Files", "TestSupport", "Watching", system],
            swiftSettings: strict),

        .testTarget(
            name: "VerifyingTests", dependencies: ["Verifying", "Spool", "Files", "Documents", system], swiftSettings: strict),

        // Everything that reads bytes of others, with its properties. The tests replay and mutate a corpus; `make fuzz` is
        // guided by coverage.
        .target(
            name: "Fuzzing", dependencies: ["Documents", "Files", "Hosting", "Spool", "TestSupport", "Watching"],
            path: "Tests/Fuzzing", exclude: ["Corpus"], swiftSettings: strict),
        .testTarget(name: "FuzzingTests", dependencies: ["Fuzzing", "Files", "TestSupport", system], swiftSettings: strict),

        // The programs as a user meets them: processes, files, signals. Nothing of ours is used but what reads JSON, starts
        // processes, and judges a root.
        .testTarget(
            name: "EndToEndTests", dependencies: ["CLinux", "Documents", "Files", "TestSupport", "Verifying", system], swiftSettings: strict
        ),
    ]
)

// libFuzzer brings a `main` of its own, so that this is built by `make fuzz` alone.
if Context.environment["BOBBIN_FUZZ_BUILD"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["Fuzzing"], path: "Tests/FuzzMain", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
