// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "bobbin",
    dependencies: [
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        // C that Swift cannot say: the leaf calls of Linux, and the library under the watcher.
        .target(name: "CLinux"),
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),

        .target(name: "Documents", swiftSettings: strict),
        .target(name: "Files", dependencies: ["CLinux", "Documents", system], swiftSettings: strict),
        .target(name: "Spool", dependencies: ["Files", "Documents"], swiftSettings: strict),
        .target(name: "Hosting", dependencies: ["Files", "Documents", system], swiftSettings: strict),

        .testTarget(name: "DocumentsTests", dependencies: ["Documents"], swiftSettings: strict),
        .testTarget(name: "FilesTests", dependencies: ["Files"], swiftSettings: strict),
        .testTarget(name: "SpoolTests", dependencies: ["Spool", "Files"], swiftSettings: strict),
        .testTarget(name: "HostingTests", dependencies: ["Hosting", "Files", "Documents", system], swiftSettings: strict),
    ]
)
