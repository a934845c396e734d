package firmware

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The signed partitions of Intel's graphics cards (intel/igsc, lib/igsc_oprom.h and
// lib/oprom_parser.c; fwupd, libfwupdplugin/fu-ifwi-cpd-firmware.c). A directory has a
// header and entries: name, offset, length. Its first entry is the manifest, whose
// signature covers its own fields and its extensions; these give the digests of the
// modules' metadata and of the whole partition, and metadata the digest of a module.
// What no public source gives was read off 119 partitions, all of which verify: that
// digests are stored with the last byte first, that extension 35 is extension 15 with
// a shorter header, and that the digest of the whole begins with the directory and
// leaves out the manifest.
const (
	codeOptionData = 0xf0 // configuration, behind which the data follow as type ff
	codeOptionCode = 0xf1
	codeOptionRest = 0xff

	cpdMark       = "$CPD"
	cpdPointer    = 0x1a // of the ROM header: where the directory is in the image
	cpdHeader     = 20
	cpdEntry      = 24
	cpdCRC        = 16 // of the header: CRC-32 of the directory with this field zero
	cpdOffsetMask = 1<<25 - 1
	maxCPDEntries = 64

	partitionKeyBytes = 384 // RSA-3072
	manifestMark      = "$MN2"
	manifestMarkAt    = 28
	manifestDate      = 20
	manifestVersion   = 36
	manifestKey       = 0x80
	manifestExponent  = manifestKey + partitionKeyBytes
	manifestSignature = manifestExponent + 4
	manifestHeader    = manifestSignature + partitionKeyBytes
	maxManifest       = 8 << 10 // igsc, MANIFEST_SIZE_MAX_VALUE

	extSubsystems   = 7
	extModule       = 10
	extPackage      = 15
	extPartition    = 22
	extPackageShort = 35
	extBoards       = 37

	packageHeader      = 52
	packageShortHeader = 40
	packageModule      = 68
	metadataBytes      = 72
	hashSHA384         = 3

	// maxBlankEnd bounds what a reader may have cut off of a partition that is
	// filled up for its digest: a reading ends with the last image of the chain.
	maxBlankEnd = 64 << 10
)

// Names in [inventory.ROMPartition].Changed of what is no entry of the directory.
const (
	changedKey       = "key"
	changedDirectory = "directory"
	changedPadding   = "padding"
)

// partitionJob checks a partition. It reads the ROM and writes only what is its own.
type partitionJob struct {
	b      []byte
	keys   []partitionKey
	image  extent // the image that holds the directory
	at     int    // of the directory
	out    *inventory.ROMPartition
	faults []inventory.ROMFault

	entries []cpdFile
	crcBad  bool
	missing bool // a part of it is not in what was read
}

// cpdFile is an entry of a directory. Its place is absolute, and not checked.
type cpdFile struct {
	name       string
	at, length int
}

// partitionJobs finds the partitions: behind the images that have Intel's code
// types for them, and behind every image whose header points at a directory.
func (p *parser) partitionJobs() []*partitionJob {
	var jobs []*partitionJob
	for i, h := range p.headers {
		img := &p.rom.Images[i]
		b := p.b[img.Offset : img.Offset+img.Bytes]
		if len(b) < cpdPointer+2 {
			continue
		}
		at := int(binary.LittleEndian.Uint16(b[cpdPointer:]))
		typed := h.vendor == vendorIntel && (h.code == codeOptionData || h.code == codeOptionCode)
		switch {
		case hasMark(b, at, cpdMark):
		case !typed:
			continue
		default:
			if n := bytes.Index(b, []byte(cpdMark)); n >= 0 {
				at = n
			}
		}
		jobs = append(jobs, &partitionJob{b: p.b, keys: p.keys, image: extent{img.Offset, img.Offset + img.Bytes}, at: img.Offset + at,
			out: &inventory.ROMPartition{Image: i, Offset: img.Offset + at}})
	}
	return jobs
}

// cost is what its digests cost: twice what follows the directory, at most.
func (j *partitionJob) cost() int { return 2 * costSHA384 * (len(j.b) - min(len(j.b), j.at)) }

func (j *partitionJob) run() {
	j.out.State = j.verify()
	slices.Sort(j.out.Changed)
	j.out.Changed = slices.Compact(j.out.Changed)
	switch {
	case len(j.out.Changed) > 0:
		j.out.State = inventory.PartitionChanged
	case j.missing && j.out.State == inventory.PartitionAuthentic:
		j.out.State = inventory.PartitionIncomplete
	}
}

func (j *partitionJob) fault(offset int, format string, args ...any) {
	j.faults = append(j.faults, inventory.ROMFault{Kind: faultVendorStructure, Offset: offset, Detail: fmt.Sprintf(format, args...)})
}

// have gives a range of the ROM, nil unless all of it was read.
func (j *partitionJob) have(at, n int) []byte {
	if at < 0 || n < 0 || at > len(j.b)-n {
		return nil
	}
	return j.b[at : at+n]
}

// words32 reads a count of 32-bit words as bytes; beyond max it is max+1.
func words32(b []byte, maxBytes int) int {
	if n := binary.LittleEndian.Uint32(b); n <= uint32(maxBytes/4) {
		return 4 * int(n)
	}
	return maxBytes + 1
}

// verify reads the partition and checks it; what differs it adds to Changed.
func (j *partitionJob) verify() string {
	j.directory()
	at, state := j.manifest()
	if state != "" {
		return state
	}
	m := j.b[at:]
	stated := m[manifestKey:manifestExponent]
	if blankRange(m[manifestKey:manifestHeader]) {
		return inventory.PartitionUnsigned
	}
	sum := sha256.Sum256(stated)
	j.out.KeySHA256 = new(hex.EncodeToString(sum[:]))
	claimed := slices.IndexFunc(j.keys, func(k partitionKey) bool { return bytes.Equal(k.modulus, stated) })
	size := words32(m[24:], maxManifest)
	signer := j.signer(m, size, claimed)
	switch {
	case signer >= 0:
		j.out.Key = new(j.keys[signer].name)
		if signer != claimed || binary.LittleEndian.Uint32(m[manifestExponent:]) != uint32(j.keys[signer].key.E) {
			j.changed(changedKey)
		}
	case claimed < 0:
		return inventory.PartitionUnknownKey
	case size <= maxManifest && size > len(m):
		return inventory.PartitionIncomplete
	default:
		j.out.Key = new(j.keys[claimed].name)
		j.changed(j.name(at))
		return inventory.PartitionChanged
	}
	return j.signed(m[:size], at)
}

// changed notes what is not as it was signed.
func (j *partitionJob) changed(what string) { j.out.Changed = append(j.out.Changed, what) }

// name is that of the entry at a place: the manifest's is its usual one where the
// directory has another.
func (j *partitionJob) name(at int) string {
	for _, e := range j.entries {
		if e.at == at && e.name != "" {
			return e.name
		}
	}
	return "OROM.man"
}

// directory lists the entries.
func (j *partitionJob) directory() {
	head := j.have(j.at, cpdHeader)
	if head == nil || !hasMark(head, 0, cpdMark) {
		j.fault(j.at, "no partition directory where the image has its partition")
		return
	}
	j.out.Name = printable(string(bytes.TrimRight(head[12:16], "\x00")))
	count := binary.LittleEndian.Uint32(head[4:])
	if count > maxCPDEntries || head[10] != cpdHeader {
		j.fault(j.at, "the partition directory claims %d entries behind a header of %d bytes", count, head[10])
		j.crcBad = true
		return
	}
	all := j.have(j.at, cpdHeader+cpdEntry*int(count))
	if all == nil {
		j.missing = true
		return
	}
	clean := slices.Clone(all)
	clear(clean[cpdCRC : cpdCRC+4])
	if crc32.ChecksumIEEE(clean) != binary.LittleEndian.Uint32(all[cpdCRC:]) {
		j.crcBad = true
		j.fault(j.at+cpdCRC, "the checksum of the partition directory does not hold")
	}
	for e := all[cpdHeader:]; len(e) >= cpdEntry; e = e[cpdEntry:] {
		f := cpdFile{name: printable(string(bytes.TrimRight(e[:12], "\x00")))}
		f.at = j.at + int(binary.LittleEndian.Uint32(e[12:])&cpdOffsetMask)
		f.length = int(min(binary.LittleEndian.Uint32(e[16:]), 1<<30))
		j.entries = append(j.entries, f)
	}
}

// manifest finds the manifest: where the directory has it, or, where that was
// changed, around a key that is known. The state is empty for one with room for a
// key and a signature.
func (j *partitionJob) manifest() (at int, state string) {
	listed := slices.IndexFunc(j.entries, func(f cpdFile) bool { return strings.HasSuffix(f.name, ".man") })
	if listed >= 0 {
		at = j.entries[listed].at
		if m := j.have(at, manifestHeader); m != nil && (hasMark(m, manifestMarkAt, manifestMark) || j.known(m[manifestKey:manifestExponent])) {
			return at, ""
		}
	}
	for _, k := range j.keys {
		i := bytes.Index(j.b[j.image.start:j.image.end], k.modulus)
		if at := j.image.start + i - manifestKey; i >= manifestKey && j.have(at, manifestHeader) != nil {
			return at, ""
		}
	}
	switch {
	case listed < 0 && j.missing, listed >= 0 && at+j.entries[listed].length > len(j.b):
		return 0, inventory.PartitionIncomplete
	case listed >= 0 && !blankRange(j.b[at:at+j.entries[listed].length]):
		return 0, inventory.PartitionUnreadable
	}
	return 0, inventory.PartitionUnsigned
}

func (j *partitionJob) known(modulus []byte) bool {
	return slices.ContainsFunc(j.keys, func(k partitionKey) bool { return bytes.Equal(k.modulus, modulus) })
}

func blankRange(b []byte) bool {
	return !slices.ContainsFunc(b, func(v byte) bool { return v != 0 && v != 0xff })
}

// signer is the index of the known key that made the signature, negative for none.
// All are tried, that which the manifest names first: a changed key is a change.
func (j *partitionJob) signer(m []byte, size, claimed int) int {
	if words32(m[4:], maxManifest) != manifestHeader || size < manifestHeader || size > min(len(m), maxManifest) {
		return -1
	}
	h := sha512.New384()
	h.Write(m[:manifestKey])
	h.Write(m[manifestHeader:size])
	digest := h.Sum(nil)
	signature := slices.Clone(m[manifestSignature:manifestHeader])
	slices.Reverse(signature)
	by := func(i int) bool {
		return rsa.VerifyPSS(j.keys[i].key, crypto.SHA384, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto}) == nil
	}
	if claimed >= 0 && by(claimed) {
		return claimed
	}
	for i := range j.keys {
		if i != claimed && by(i) {
			return i
		}
	}
	return -1
}

// signedModule is a module as the manifest has it: the size of its metadata, and
// their digest.
type signedModule struct {
	name     string
	metadata int
	digest   []byte
}

// signed reads what a known key signed, and holds the partition against it.
func (j *partitionJob) signed(m []byte, at int) string {
	version := m[manifestVersion:]
	j.out.Version = new(fmt.Sprintf("%d.%d.%d.%d", binary.LittleEndian.Uint16(version), binary.LittleEndian.Uint16(version[2:]),
		binary.LittleEndian.Uint16(version[4:]), binary.LittleEndian.Uint16(version[6:])))
	if t, err := time.Parse("20060102", fmt.Sprintf("%08x", binary.LittleEndian.Uint32(m[manifestDate:]))); err == nil {
		j.out.Date = new(t.Format(time.DateOnly))
	}
	var modules []signedModule
	var whole []byte
	for ext := m[manifestHeader:]; len(ext) > 0; {
		if len(ext) < 8 {
			return inventory.PartitionUnreadable
		}
		n := binary.LittleEndian.Uint32(ext[4:])
		if n < 8 || n > uint32(len(ext)) {
			return inventory.PartitionUnreadable
		}
		e := ext[:n]
		ext = ext[n:]
		switch binary.LittleEndian.Uint32(e) {
		case extPackage:
			modules = append(modules, packageModules(e, packageHeader)...)
		case extPackageShort:
			modules = append(modules, packageModules(e, packageShortHeader)...)
		case extPartition:
			if len(e) >= 84 && e[32] == hashSHA384 {
				j.out.Bytes, whole = new(int(min(binary.LittleEndian.Uint32(e[12:]), 1<<30))), e[36:84]
			}
		case extSubsystems:
			j.boards(e[8:], 4)
		case extBoards:
			j.boards(e[8:], 8)
		}
	}
	if len(modules) == 0 || whole == nil {
		return inventory.PartitionUnreadable
	}
	for _, x := range modules {
		if !j.module(x) {
			return inventory.PartitionUnreadable
		}
	}
	if len(j.entries) != 1+2*len(modules) || j.crcBad {
		j.changed(changedDirectory)
	}
	j.whole(at, len(m), whole)
	return inventory.PartitionAuthentic
}

// packageModules lists the modules of a package whose metadata have a SHA-384.
func packageModules(e []byte, header int) []signedModule {
	var list []signedModule
	for at := header; at+packageModule <= len(e); at += packageModule {
		x := e[at : at+packageModule]
		if x[13] != hashSHA384 {
			continue
		}
		list = append(list, signedModule{
			name:     printable(string(bytes.TrimRight(x[:12], "\x00"))),
			metadata: int(min(binary.LittleEndian.Uint32(x[16:]), 1<<30)), digest: x[20:packageModule],
		})
	}
	return list
}

// boards lists the ids that the partition is for: four of 16 bits each, or those of
// the subsystem alone. One of zeros is every board, and so is an empty list.
func (j *partitionJob) boards(b []byte, size int) {
	if len(b)%size != 0 {
		size = 4 // two partitions have an extension 37 with a subsystem alone
	}
	for ; len(b) >= size; b = b[size:] {
		if blankRange(b[:size]) {
			j.out.Boards = nil
			return
		}
		id := func(at int) string { return hex16(binary.LittleEndian.Uint16(b[at:])) }
		board := inventory.ROMBoard{SubsystemVendorID: id(size - 4), SubsystemDeviceID: id(size - 2)}
		if size == 8 {
			board.VendorID, board.DeviceID = new(id(0)), new(id(2))
		}
		j.out.Boards = append(j.out.Boards, board)
	}
}

// file gives an entry of the directory, and what of it was read: nil for less than
// all.
func (j *partitionJob) file(name string) (f cpdFile, b []byte, ok bool) {
	i := slices.IndexFunc(j.entries, func(f cpdFile) bool { return f.name == name })
	if i < 0 {
		return f, nil, false
	}
	f = j.entries[i]
	return f, j.have(f.at, f.length), true
}

// module holds a module against its metadata, and these against the manifest. It
// is false for metadata that were signed and cannot be understood.
func (j *partitionJob) module(x signedModule) bool {
	module, body, ok := j.file(x.name)
	metadata, met, described := j.file(x.name + ".met")
	switch {
	case !ok:
		j.changed(x.name)
		return true
	case !described:
		j.changed(x.name + ".met")
		return true
	}
	out := inventory.ROMModule{Name: x.name, Offset: module.at, Bytes: module.length}
	defer func() { j.out.Modules = append(j.out.Modules, out) }()
	switch {
	case met == nil && metadata.length == x.metadata:
		j.missing = true
		return true
	case metadata.length != x.metadata || !sameDigest(met, x.digest):
		j.changed(x.name + ".met")
		return true
	case len(met) < metadataBytes || binary.LittleEndian.Uint32(met) != extModule || met[8] != 0:
		return false // compressed, which none is
	case uint64(binary.LittleEndian.Uint32(met[12:])) != uint64(module.length):
		j.changed(changedDirectory)
	case body == nil:
		j.missing = true
	default:
		out.Matches = new(sameDigest(body, met[metadataBytes-sha512.Size384:metadataBytes]))
		if !*out.Matches {
			j.changed(x.name)
		}
	}
	return true
}

// sameDigest compares the SHA-384 of data with one that is stored with its last
// byte first.
func sameDigest(b, stored []byte) bool {
	sum := sha512.Sum384(b)
	slices.Reverse(sum[:])
	return bytes.Equal(sum[:], stored)
}

// whole compares the digest of all of the partition but its manifest: the directory,
// the modules, and what lies between and behind them. Of a reading that ends with the
// last image, the end is filled up: with one byte, as all of Intel's are.
func (j *partitionJob) whole(at, manifest int, stored []byte) {
	end := j.at + *j.out.Bytes
	if at < j.at || at+manifest > end || end-len(j.b) > maxBlankEnd {
		return
	}
	matches := func(fill []byte) bool {
		h := sha512.New384()
		h.Write(j.b[j.at:at])
		h.Write(j.b[at+manifest : min(end, len(j.b))])
		h.Write(fill)
		sum := h.Sum(nil)
		slices.Reverse(sum)
		return bytes.Equal(sum, stored)
	}
	missing := max(0, end-len(j.b))
	switch {
	case missing == 0:
		j.out.Whole = new(matches(nil))
	case matches(bytes.Repeat([]byte{0xff}, missing)), matches(make([]byte, missing)):
		j.out.Whole = new(true)
	}
	if j.out.Whole != nil && !*j.out.Whole && len(j.out.Changed) == 0 {
		j.changed(changedPadding)
	}
}

// partitions takes over what the jobs found, and marks the images that a partition
// covers: those that follow one another from the start of a module.
func (p *parser) partitions(jobs []*partitionJob) {
	for i, j := range jobs {
		p.rom.Partitions = append(p.rom.Partitions, *j.out)
		p.rom.Faults = append(p.rom.Faults, j.faults...)
		for _, m := range j.out.Modules {
			p.cover(i, m)
			if code := m.Name == "CODE"; code || p.rom.Version == nil {
				p.rom.Version, p.rom.BuildDate = j.out.Version, j.out.Date
			}
		}
	}
}

func (p *parser) cover(partition int, m inventory.ROMModule) {
	at, end := m.Offset, m.Offset+m.Bytes
	for i := range p.rom.Images {
		img := &p.rom.Images[i]
		// The data behind a configuration partition are padded to their image's end.
		data := p.headers[i].code == codeOptionRest && m.Offset == img.Offset && end <= img.Offset+img.Bytes
		if img.Offset == at && (img.Offset+img.Bytes <= end || data) {
			img.Partition = new(partition)
			at = img.Offset + img.Bytes
		}
	}
}
