// Package capture writes and reads the archive that a scan can be repeated
// from. [Recorder] remembers what collectors read on a machine and writes it;
// [Open] reads it back, and ghw snapshots too, as a [collect.Env] that gives
// every read the result that it had on the machine, errors included.
//
// # Reading
//
// Archives are hostile. They are read into memory as a stream, within [Limits],
// and never unpacked to disk. Refused are: names that are absolute, climb, or
// hold a backslash or NUL; hard links, device nodes, fifos, sparse files and
// PAX records that change what an entry is; an entry that is there twice; an
// entry below a file or a link; a relative link that leaves the root; gzip with
// more than one member; anything but zeros after the end. An absolute link can
// be read but is never followed: ghw snapshots of real hosts hold etc/mtab. The
// comment that git leaves in its archives is skipped.
//
// # Format
//
// A capture is a gzip-compressed tar archive with these entries, in order:
//
//	gpuaudit-capture.json   schema "gpuaudit.capture/v1", collected_at, tool, redacted
//	index.json              what files cannot say: see below
//	derived/KIND/PATH.json  facts of files too large to carry (kernel modules)
//	roms/ADDRESS.rom        expansion ROMs, by PCI address
//	tpm-evidence.json       evidence of the TPM (attest/tpm), if it was asked for
//	root/...                files, directories and links as they were read
//
// The ROMs have a place of their own, since a plain read of a function's rom
// attribute fails until the ROM is switched on, and that failure is recorded too.
//
// The index comes before the files, so that a truncated capture still knows
// what failed and what was absent. Its paths are below root and go through no
// link. It holds: failures (operation, path, errno or class of the error, text);
// listings (name and type of each entry of a directory that was listed); stats
// (mode and size where they differ from the entry's: sysfs says 4096 for a
// config space of which 64 bytes may be read); links that no archive may hold;
// partial files and why they are; the failures of ROMs and of derived facts.
//
// All entries have the time of collection and no owner, and are sorted, so
// that equal recordings give equal bytes. Times and owners of files are not
// recorded. docs/capture-format.md is the same for people without the source.
package capture
