// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "bobbin",
    dependencies: [
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C that Swift cannot say: the leaf calls of Linux, and the library under the watcher.
        .target(name: "CLinux"),
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),

        .target(name: "Documents", swiftSettings: strict),
        .target(name: "Files", dependencies: ["CLinux", "Documents", system], swiftSettings: strict),
        .target(name: "Watching", dependencies: ["CLinux", "Documents", "Files", system], swiftSettings: strict),

        .target(name: "History", dependencies: ["Documents", "Files", grdb, system], swiftSettings: strict),

        // A program of its own: the library is GPL-2, so nothing under the Apache licence may be linked with it. Fully
        // static, it needs no library at run time and a third of the memory.
        .executableTarget(
            name: "bobbin-watch", dependencies: ["CInotifyTools", "CLinux"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-static-executable"])]),

        .testTarget(name: "DocumentsTests", dependencies: ["Documents"], swiftSettings: strict),
        .testTarget(name: "FilesTests", dependencies: ["Files"], swiftSettings: strict),
        .testTarget(name: "HistoryTests", dependencies: ["Documents", "Files", "History", grdb, system], swiftSettings: strict),
        .testTarget(name: "WatchingTests", dependencies: ["CLinux", "Documents", "Files", "Watching", system], swiftSettings: strict),
    ]
)
