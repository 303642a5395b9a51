import Testing

/// A way to put a file into a folder (reference/peers.md §4.1). Every row ends with the file `file` in the queue, whose
/// bytes must be those of `sample`.
struct EventRow: Sendable, CustomTestStringConvertible {
    let name: String
    var needs: [String] = []
    /// A file `file` lies in the queue before, not due for an hour.
    var hasOld = false
    /// A line of bash, run in the staging folder; `$Q` is the queue, `sample` and `sample.txt` lie beside it.
    let line: String
    var settings: String?
    /// What the run must see; nil = the sample.
    var expected: String?

    var testDescription: String { name }

    private static func python(_ text: String) -> String {
        "python3 - <<'EOF'\nimport os, mmap, ctypes, signal\nQ = os.environ['Q']; target = Q + '/file'\ndata = open('sample', 'rb').read()\nhalf = len(data) // 2\n\(text)\nEOF"
    }

    static let all: [EventRow] = [
        // C O M… W
        EventRow(name: "cp", line: "cp sample $Q/file"),
        EventRow(name: "cp --reflink", line: "cp --reflink=auto sample $Q/file"),
        EventRow(name: "cp over an existing file", hasOld: true, line: "cp sample $Q/file"),
        EventRow(name: "cp -p of an old file", line: "touch -d 2001-01-01 sample; cp -p sample $Q/file"),
        EventRow(name: "cp -a of an old file", line: "touch -d 1970-01-02 sample; cp -a sample $Q/file"),
        EventRow(name: "shell redirection", line: "cat sample > $Q/file"),
        EventRow(
            name: "shell redirection, append", line: "head -c 1000 sample > $Q/file; tail -c +1001 sample >> $Q/file",
            settings: #"{"settle_time": "3s"}"#),
        EventRow(name: "tee", line: "tee $Q/file < sample > /dev/null"),
        EventRow(name: "dd in small blocks", line: "dd if=sample of=$Q/file bs=64 status=none"),
        EventRow(
            name: "dd with preallocation",
            line: "truncate -s $(stat -c %s sample) $Q/file && dd if=sample of=$Q/file conv=notrunc status=none",
            settings: #"{"settle_time": "3s"}"#),
        EventRow(name: "curl -o", needs: ["curl"], line: "curl -sS -o $Q/file file://$PWD/sample"),
        EventRow(
            name: "curl -o --limit-rate", needs: ["curl"],
            line: "curl -sS --limit-rate 300k -o $Q/file file://$PWD/sample"),
        EventRow(
            name: "wget over HTTP", needs: ["wget", "python3"],
            line: """
                python3 -u -m http.server --bind 127.0.0.1 0 > port 2>/dev/null & server=$!
                trap 'kill $server' EXIT
                until grep -q 'port [0-9]' port; do sleep 0.02; done
                wget -q -O $Q/file http://127.0.0.1:$(sed 's/.*port \\([0-9]*\\).*/\\1/' port)/sample
                """),
        EventRow(
            name: "wget with the server's time", needs: ["wget", "python3"],
            line: """
                touch -d 2010-01-01 sample; mv sample file
                python3 -u -m http.server --bind 127.0.0.1 0 > port 2>/dev/null & server=$!
                trap 'kill $server' EXIT
                until grep -q 'port [0-9]' port; do sleep 0.02; done
                wget -q -P $Q http://127.0.0.1:$(sed 's/.*port \\([0-9]*\\).*/\\1/' port)/file
                """),
        EventRow(
            name: "scp", needs: ["scp", Tool.sftpServer], line: "scp -q -D \(Tool.sftpServer) sample localhost:$Q/file"),
        EventRow(
            name: "scp -p", needs: ["scp", Tool.sftpServer],
            line: "touch -d 2001-01-01 sample; scp -q -p -D \(Tool.sftpServer) sample localhost:$Q/file"),
        EventRow(
            name: "sftp put", needs: ["sftp", Tool.sftpServer],
            line: "echo \"put sample $Q/file\" | sftp -q -D \(Tool.sftpServer)"),
        EventRow(
            name: "sftp put and rename", needs: ["sftp", Tool.sftpServer],
            line:
                "printf 'put sample %s/file.part\\nrename %s/file.part %s/file\\n' $Q $Q $Q | sftp -q -D \(Tool.sftpServer)"
        ),
        EventRow(
            name: "reput of an interrupted sftp", needs: ["sftp", Tool.sftpServer],
            line:
                "head -c 5000 sample > $Q/file.part; mv $Q/file.part $Q/.file; printf 'reput sample %s/.file\\nrename %s/.file %s/file\\n' $Q $Q $Q | sftp -q -D \(Tool.sftpServer)"
        ),
        // T
        EventRow(name: "mv on the same file system", line: "cp sample x; mv x $Q/file"),
        EventRow(name: "mv over an existing file", hasOld: true, line: "cp sample x; mv x $Q/file"),
        EventRow(
            name: "mv from another file system",
            line:
                "set -e; d=$(mktemp -d /dev/shm/bobbin-e2e-XXXXXX); trap 'rm -rf $d' EXIT; cp $STAGE/sample $d/file; mv $d/file $Q/file"
        ),
        EventRow(name: "mv from a hidden name in the queue", line: "cp sample $Q/.file; mv $Q/.file $Q/file"),
        EventRow(
            name: "mv from a temporary name in the queue", line: "cp sample $Q/file.part; mv $Q/file.part $Q/file"),
        // W A
        EventRow(name: "install", line: "install -m 640 sample $Q/file"),
        EventRow(
            name: "unzip", needs: ["zip", "unzip"], line: "cp sample file; zip -q x.zip file; unzip -q x.zip -d $Q"),
        EventRow(
            name: "tar x", line: "touch -d 2001-01-01 sample; cp -p sample file; tar cf x.tar file; tar xf x.tar -C $Q"),
        EventRow(name: "tar x of a stream", line: "cp sample file; tar cz file | tar xz -C $Q"),
        EventRow(
            name: "cpio-like: write, then chmod and utime",
            line: "cp sample $Q/file; chmod 600 $Q/file; touch -d 2001-01-01 $Q/file"),
        // rsync
        EventRow(name: "rsync", needs: ["rsync"], line: "cp sample file; rsync -a file $Q/"),
        EventRow(name: "rsync --inplace", needs: ["rsync"], line: "cp sample file; rsync -a --inplace file $Q/"),
        EventRow(
            name: "rsync --delay-updates", needs: ["rsync"], line: "cp sample file; rsync -a --delay-updates file $Q/"),
        EventRow(
            name: "rsync --partial --bwlimit", needs: ["rsync"],
            line: "cp sample file; rsync -a --partial --bwlimit=400 file $Q/"),
        EventRow(
            name: "rsync over an existing file", needs: ["rsync"], hasOld: true,
            line: "cp sample file; rsync -a --ignore-times file $Q/"),
        // Editors
        EventRow(
            name: "vim, a new file", needs: ["vim"],
            line: "vim -es -u NONE -N -b -c 'e sample.txt' -c \"w $Q/file\" -c 'qa!'", expected: "sample.txt"),
        EventRow(
            name: "vim, an existing file", needs: ["vim"], hasOld: true,
            line: "vim -es -u NONE -N -b -c \"e $Q/file\" -c '%d' -c '0r sample.txt' -c 'w!' -c 'qa!'",
            expected: "sample.txt"),
        EventRow(
            name: "sed -i", hasOld: true,
            line:
                "cp sample.txt expected; echo last >> expected; sed -i -n -e '$!d' -e 'r sample.txt' -e '$a last' $Q/file",
            expected: "expected"),
        EventRow(
            name: "perl -i", needs: ["perl"], hasOld: true,
            line: "perl -i -ne 'open S, \"<sample\"; binmode S; local $/; print <S>; last' $Q/file"),
        EventRow(
            name: "ed-like: truncate and write", hasOld: true, line: ": > $Q/file; cat sample > $Q/file",
            settings: #"{"settle_time": "3s"}"#),
        // C only
        EventRow(name: "ln", line: "cp sample x; ln x $Q/file"),
        EventRow(name: "ln of an old file", line: "touch -d 2001-01-01 sample; ln sample $Q/file"),
        EventRow(name: "Maildir delivery", line: "mkdir tmp; cp sample tmp/1; ln tmp/1 $Q/file; rm tmp/1"),
        EventRow(
            name: "O_TMPFILE and linkat in the queue", needs: ["python3"],
            line: python(
                "fd = os.open(Q, os.O_TMPFILE | os.O_WRONLY, 0o644)\nos.write(fd, data)\nlink = ctypes.CDLL(None).linkat(-100, b'/proc/self/fd/%d' % fd, -100, target.encode(), 0x400)\nassert link == 0\nos.close(fd)"
            )),
        EventRow(
            name: "O_TMPFILE and linkat from elsewhere", needs: ["python3"],
            line: python(
                "fd = os.open('.', os.O_TMPFILE | os.O_WRONLY, 0o644)\nos.write(fd, data)\nlink = ctypes.CDLL(None).linkat(-100, b'/proc/self/fd/%d' % fd, -100, target.encode(), 0x400)\nassert link == 0\nos.close(fd)"
            )),
        EventRow(
            name: "RENAME_EXCHANGE", needs: ["python3"], hasOld: true,
            line: python(
                "open('x', 'wb').write(data)\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.renameat2(-100, b'x', -100, target.encode(), 2) == 0, ctypes.get_errno()"
            )),
        // More than one close
        EventRow(
            name: "close and append again, as scanners do", needs: ["python3"],
            line: python(
                "f = open(target, 'wb'); f.write(data[:half]); f.close()\nf = open(target, 'ab'); f.write(data[half:]); f.close()"
            ),
            settings: #"{"settle_time": "3s"}"#),
        EventRow(
            name: "created empty and closed, data later, as Finder does", needs: ["python3"],
            line: python("import time\nopen(target, 'wb').close()\ntime.sleep(0.3)\nopen(target, 'r+b').write(data)"),
            settings: #"{"settle_time": "1s"}"#),
        EventRow(
            name: "renamed while its writer goes on", needs: ["python3"],
            line: python(
                "import time\nf = open(Q + '/.file', 'wb'); f.write(data[:half]); f.flush()\nos.rename(Q + '/.file', target)\ntime.sleep(0.5)\nf.write(data[half:]); f.close()"
            )),
        EventRow(
            name: "written through a second name", needs: ["python3"],
            line: python(
                "import time\nf = open('x', 'wb'); f.write(data[:half]); f.flush()\nos.link('x', target)\ntime.sleep(0.5)\nf.write(data[half:]); f.close()"
            )),
        EventRow(
            name: "a child holds the file open after its parent has closed it", needs: ["python3"],
            line: python(
                "import time\nf = os.open(target, os.O_CREAT | os.O_WRONLY, 0o644); os.write(f, data[:half])\nif os.fork() == 0:\n    time.sleep(0.5); os.write(f, data[half:]); os._exit(0)\nos.close(f); os.wait()"
            )),
        EventRow(
            name: "touch of a file that was not due", hasOld: true,
            line: "cat sample > x; cat $Q/file > x; touch $Q/file; cp x expected", expected: "expected"),
        EventRow(
            name: "a thousand small writes", needs: ["python3"],
            line: python(
                "f = os.open(target, os.O_CREAT | os.O_WRONLY, 0o644)\nstep = len(data) // 1000 + 1\nfor i in range(0, len(data), step): os.write(f, data[i:i + step])\nos.close(f)"
            )),
        EventRow(
            name: "a writer killed half-way", needs: ["python3"],
            line: "head -c 40000 sample > expected\n"
                + python(
                    "if os.fork() == 0:\n    f = os.open(target, os.O_CREAT | os.O_WRONLY, 0o644); os.write(f, data[:40000]); os.kill(os.getpid(), 9)\nos.wait()"
                ),
            expected: "expected"),
    ]
}
