package firmware

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// testKey is a key of the test's own, of the size that partitions are signed with.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 8*partitionKeyBytes)
	if err != nil {
		panic(err)
	}
	return key
})

func testPin() partitionKey { return newPartitionKey("test", &testKey().PublicKey) }

// parseUnder is Parse with other keys known than Intel's.
func parseUnder(b []byte, keys ...partitionKey) *inventory.ROM {
	p := newParser(b)
	p.keys = keys
	p.read()
	sortFaults(p.rom.Faults)
	return p.rom
}

// Places in the ROM that signedROM builds.
const (
	testDirectory = 0x2c0
	testManifest  = testDirectory + cpdHeader + 3*cpdEntry
	testModule    = 0x800
	testModuleEnd = testModule + 6*blockBytes
	testPartition = 0x1c00 // bytes that the digest of the whole covers
)

func extension(kind uint32, content []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(8+len(content)))
	return append(b, content...)
}

func reversed384(b []byte) []byte {
	sum := sha512.Sum384(b)
	slices.Reverse(sum[:])
	return sum[:]
}

// signedROM builds a ROM of a partition that the test's key signed: the image that
// holds directory, manifest and metadata, and a module of two legacy images. The
// extension 37 has these boards.
func signedROM(t testing.TB, boards ...byte) []byte {
	t.Helper()
	rom := bytes.Repeat([]byte{0xff}, testDirectory+testPartition)
	holder := image(codeOptionCode, vendorIntel, 0, 4, false)
	clear(holder[0x40:])
	binary.LittleEndian.PutUint16(holder[cpdPointer:], testDirectory)
	copy(rom, holder)
	module := append(image(codeLegacy, vendorIntel, 0x56a0, 2, false), image(codeLegacy, vendorIntel, 0x56a0, 4, true)...)
	copy(rom[testModule:], module)

	metadata := extension(extModule, slices.Concat(make([]byte, 4), binary.LittleEndian.AppendUint32(nil, uint32(len(module))),
		binary.LittleEndian.AppendUint32(nil, uint32(len(module))), []byte{0xf6, 0, 0x86, 0x80}, reversed384(module)))
	described := slices.Concat([]byte("CODE\x00\x00\x00\x00\x00\x00\x00\x00\x02\x03\x30\x00"),
		binary.LittleEndian.AppendUint32(nil, uint32(len(metadata))), reversed384(metadata))
	part := append([]byte("OROM"), make([]byte, 72+20)...)
	binary.LittleEndian.PutUint32(part[4:], testPartition)
	part[24], part[25] = hashSHA384, sha512.Size384
	extensions := slices.Concat(extension(extPackage, append(make([]byte, packageHeader-8), described...)), extension(extPartition, part))
	if len(boards) > 0 {
		extensions = append(extensions, extension(extBoards, boards)...)
	}
	size := manifestHeader + len(extensions)
	directory := append([]byte("$CPD\x03\x00\x00\x00\x02\x01\x14\x00OROM"), make([]byte, 4+3*cpdEntry)...)
	for i, f := range []cpdFile{{"OROM.man", testManifest, size}, {"CODE", testModule, len(module)}, {"CODE.met", testManifest + size, len(metadata)}} {
		e := directory[cpdHeader+i*cpdEntry:]
		copy(e, f.name)
		binary.LittleEndian.PutUint32(e[12:], uint32(f.at-testDirectory))
		binary.LittleEndian.PutUint32(e[16:], uint32(f.length))
	}
	binary.LittleEndian.PutUint32(directory[cpdCRC:], crc32.ChecksumIEEE(directory))
	copy(rom[testDirectory:], directory)
	copy(rom[testManifest+size:], metadata)
	// The digest of the whole is the last that the manifest needs.
	at := manifestHeader + len(extension(extPackage, append(make([]byte, packageHeader-8), described...))) + 36 - manifestHeader
	copy(extensions[at:], reversed384(append(bytes.Clone(rom[testDirectory:testManifest]), rom[testManifest+size:]...)))
	copy(rom[testManifest:], manifestOf(t, extensions))
	return rom
}

// manifestOf signs a manifest with these extensions.
func manifestOf(t testing.TB, extensions []byte) []byte {
	t.Helper()
	m := append(make([]byte, manifestHeader), extensions...)
	for at, v := range map[int]uint32{0: 4, 4: manifestHeader / 4, 8: 0x10000, 16: 0x8086, 20: 0x20260304, 24: uint32(len(m) / 4), 36: 1079<<16 | 20, 0x78: partitionKeyBytes / 4, 0x7c: 1} {
		binary.LittleEndian.PutUint32(m[at:], v)
	}
	copy(m[manifestMarkAt:], manifestMark)
	copy(m[manifestKey:], testPin().modulus)
	binary.LittleEndian.PutUint32(m[manifestExponent:], 65537)
	digest := sha512.Sum384(append(bytes.Clone(m[:manifestKey]), m[manifestHeader:]...))
	signature, err := rsa.SignPSS(rand.Reader, testKey(), crypto.SHA384, digest[:], &rsa.PSSOptions{SaltLength: sha512.Size384})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(signature)
	copy(m[manifestSignature:], signature)
	return m
}

func partitionText(x *inventory.ROMPartition) string {
	s := fmt.Sprintf("%s %s %v %s %s", x.State, inventory.TextOr(x.Key, "-"), x.Changed, inventory.TextOr(x.Version, "-"), inventory.TextOr(x.Date, "-"))
	for _, m := range x.Modules {
		s += fmt.Sprintf(" %s+%d", m.Name, m.Bytes)
	}
	if x.Whole != nil {
		s += fmt.Sprintf(" whole %t", *x.Whole)
	}
	return s
}

func TestPartition(t *testing.T) {
	b := signedROM(t, 0x86, 0x80, 0xa0, 0x56, 0x43, 0x10, 1, 2)
	rom := parseUnder(b, testPin())
	if len(rom.Faults) > 0 || len(rom.Partitions) != 1 {
		t.Fatalf("faults %v, partitions %+v", rom.Faults, rom.Partitions)
	}
	x := &rom.Partitions[0]
	if got := partitionText(x); got != "authentic test [] 20.1079.0.0 2026-03-04 CODE+3072 whole true" {
		t.Error(got)
	}
	if inventory.Text(rom.Version) != "20.1079.0.0" || inventory.Text(rom.BuildDate) != "2026-03-04" {
		t.Errorf("the ROM says version %s, built %s", inventory.Text(rom.Version), inventory.Text(rom.BuildDate))
	}
	if len(x.Boards) != 1 || inventory.Text(x.Boards[0].DeviceID) != "56a0" || x.Boards[0].SubsystemVendorID != "1043" || x.Boards[0].SubsystemDeviceID != "0201" {
		t.Errorf("boards %+v", x.Boards)
	}
	if i := rom.Images; len(i) != 3 || i[0].Partition != nil || i[1].Partition == nil || i[2].Partition == nil {
		t.Errorf("images %+v", rom.Images)
	}
}

func TestPartitionStates(t *testing.T) {
	good := signedROM(t)
	stripped := with(good, testManifest+manifestKey, make([]byte, manifestHeader-manifestKey)...)
	other := with(good, testManifest+manifestKey+7, good[testManifest+manifestKey+7]^1)
	tests := []struct {
		name string
		rom  []byte
		keys []partitionKey
		want string
	}{
		{"another key", good, intelKeys(), "unknown-key - [] - -"},
		{"no key is known", good, []partitionKey{}, "unknown-key - [] - -"},
		{"signature taken out", stripped, nil, "unsigned - [] - -"},
		{"manifest taken out", with(good, testManifest, make([]byte, 0x470)...), nil, "unsigned - [] - -"},
		{"manifest overwritten", with(good, testManifest, bytes.Repeat([]byte{0x5a}, 0x470)...), nil, "unreadable - [] - -"},
		{"cut in the manifest", good[:testManifest+0x100], nil, "incomplete - [] - -"},
		{"cut in the module", good[:testModuleEnd-512], nil, "incomplete test [] 20.1079.0.0 2026-03-04 CODE+3072"},
		{"cut behind the module", good[:testModuleEnd], nil, "authentic test [] 20.1079.0.0 2026-03-04 CODE+3072 whole true"},
		{"one bit of the key", other, nil, "changed test [key] 20.1079.0.0 2026-03-04 CODE+3072 whole true"},
		{"name of the manifest", with(good, testDirectory+cpdHeader, 'X', 'Y', 'Z', 0, 0, 0, 0, 0), nil, "changed test [directory] 20.1079.0.0 2026-03-04 CODE+3072 whole false"},
		{"padding", with(good, testModuleEnd+5, 0x5a), nil, "changed test [padding] 20.1079.0.0 2026-03-04 CODE+3072 whole false"},
	}
	for _, test := range tests {
		keys := test.keys
		if keys == nil {
			keys = []partitionKey{testPin()}
		}
		rom := parseUnder(test.rom, keys...)
		if len(rom.Partitions) != 1 {
			t.Errorf("%s: %d partitions, faults %v", test.name, len(rom.Partitions), rom.Faults)
			continue
		}
		if got := partitionText(&rom.Partitions[0]); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestPartitionCoversOnlyItsImages: an image behind those of the module, and one that
// the chain enters in the middle of it, are not covered.
func TestPartitionCoversOnlyItsImages(t *testing.T) {
	good := signedROM(t)
	added := slices.Concat(good[:testModuleEnd], image(codeLegacy, vendorIntel, 0x56a0, 2, true), good[testModuleEnd+2*blockBytes:])
	added[testModule+2*blockBytes+0x1c+0x15] = 0 // no longer the last
	added = with(added, testModule+2*blockBytes-1+4*blockBytes, added[testModule+2*blockBytes-1+4*blockBytes]+0x80)
	rom := parseUnder(added, testPin())
	if n := len(rom.Images); n != 4 || rom.Images[3].Partition != nil || rom.Partitions[0].State != inventory.PartitionChanged {
		t.Errorf("an added image: %d images, %+v", n, rom.Partitions)
	}
	jump := with(good, 0x1c+0x10, byte(testModule/blockBytes+2)) // the holder's length: over the first image
	rom = parseUnder(jump, testPin())
	if n := len(rom.Images); n != 2 || rom.Images[1].Partition != nil {
		t.Errorf("a jump: %d images, %+v", n, rom.Images)
	}
}

// TestPartitionOtherBoards reads the forms of the lists of boards.
func TestPartitionOtherBoards(t *testing.T) {
	for _, test := range []struct {
		kind    int
		content string
		want    int
	}{
		{8, "\x86\x80\xa0\x56\x43\x10\x01\x02\x86\x80\xa1\x56\x43\x10\x01\x03", 2},
		{8, "\x43\x10\x01\x02", 1},
		{8, "\x00\x00\x00\x00", 0},
		{8, "\x86\x80\xa0\x56\x43\x10\x01\x02\x00\x00\x00\x00\x00\x00\x00\x00", 0},
		{4, "\x43\x10\x01\x02\x43\x10\x01\x03", 2},
		{4, "\x00\x00\x00\x00", 0},
		{4, "", 0},
	} {
		j := &partitionJob{out: &inventory.ROMPartition{}}
		j.boards([]byte(test.content), test.kind)
		if len(j.out.Boards) != test.want {
			t.Errorf("%d %q: %+v", test.kind, test.content, j.out.Boards)
		}
		for _, board := range j.out.Boards {
			if board.SubsystemVendorID != "1043" {
				t.Errorf("%d %q: %+v", test.kind, test.content, board)
			}
		}
	}
}

// changeEveryByte changes each n-th byte of a partition, one at a time, and fails for
// one with which the partition is not found changed.
func changeEveryByte(t *testing.T, name string, b []byte, keys []partitionKey, n int) {
	t.Helper()
	for i, x := range parseUnder(b, keys...).Partitions {
		if x.State != inventory.PartitionAuthentic || x.Whole == nil || !*x.Whole {
			t.Errorf("%s: partition %d is %s", name, i, partitionText(&x))
			continue
		}
		b := bytes.Clone(b)
		end, done, p := x.Offset+*x.Bytes, 0, newParser(b)
		p.keys = keys
		p.structure()
		for at := x.Offset; at < end; at += n {
			before := b[at]
			b[at] ^= [...]byte{1, 0xff, 0x80}[done%3]
			j := p.partitionJobs()[i]
			j.run()
			if j.out.State != inventory.PartitionChanged {
				t.Fatalf("%s: byte %#x is %02x instead of %02x: %s", name, at, b[at], before, partitionText(j.out))
			}
			b[at] = before
			done++
		}
		t.Logf("%s: partition %d, %s: %d changes, each found", name, i, *x.Key, done)
	}
}

func TestEveryByteOfASignedPartition(t *testing.T) {
	changeEveryByte(t, "a partition of the test", signedROM(t), []partitionKey{testPin()}, 1)
}

// intelROMs reads the dumps of Intel's cards, by file name.
func intelROMs(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	if dir := sharedDir(t); dir != "" {
		names, err := filepath.Glob(filepath.Join(dir, "..", "cases", "roms", "intel-*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(name)] = b
		}
	}
	return files
}

// realPartitions is what the partitions of real ROMs say.
var realPartitions = map[string][]string{
	"intel-bmg-101.8801-opromcode.bin":  {"authentic BMG code [] 23.1066.0.0 2026-02-11 CODE+261120 whole true"},
	"intel-bmg-e223-config20.bin":       {"authentic BMG configuration [] 23.1066.0.0 2026-02-12 VBT+15872 whole true"},
	"intel-dg1-101.5590-oprom.rom":      {"authentic DG1 [] 19.1046.0.0 2024-03-21 VBT+16384 whole true", "authentic DG1 [] 19.1046.0.0 2024-03-21 CODE+613888 whole true"},
	"intel-dg2-a380-asrock-data.rom":    {"authentic DG2 [] 20.1068.0.0 2023-10-12 VBT+16979 whole true"},
	"intel-dg2-a770-101.8724-oprom.rom": {"authentic DG2 [] 20.1079.0.0 2026-03-04 VBT+17408 whole true", "authentic DG2 [] 20.1079.0.0 2026-03-04 CODE+261120 whole true"},
}

func TestRealPartitions(t *testing.T) {
	files := intelROMs(t)
	if len(files) == 0 {
		t.Skip("the shared ROM dumps of Intel's cards are not on this machine: ../shared/cases/roms")
	}
	for name, b := range files {
		rom := Parse(b)
		var got []string
		for _, x := range rom.Partitions {
			got = append(got, partitionText(&x))
		}
		if want := realPartitions[name]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		for _, img := range rom.Images {
			if holder := img.CodeType == "f0" || img.CodeType == "f1"; holder == (img.Partition != nil) {
				t.Errorf("%s: image %d of type %s is covered by %v", name, img.Index, img.CodeType, img.Partition)
			}
		}
		if v := rom.VBT; v == nil {
			t.Errorf("%s: no table of displays", name)
		} else if strings.Contains(name, "config") && (v.DataVersion != 257 || v.Outputs == nil) {
			t.Errorf("%s: data version %d, outputs %v", name, v.DataVersion, v.Outputs)
		}
	}
}

func TestEveryByteOfRealPartitions(t *testing.T) {
	files := intelROMs(t)
	if len(files) == 0 {
		t.Skip("the shared ROM dumps of Intel's cards are not on this machine: ../shared/cases/roms")
	}
	every := 251
	if long() {
		every = 1
	}
	for name, b := range files {
		if len(b) > 64<<10 && !long() {
			changeEveryByte(t, name, b, intelKeys(), 10*every)
			continue
		}
		changeEveryByte(t, name, b, intelKeys(), every)
	}
}

// TestIntelKeys holds the keys against their fingerprints.
func TestIntelKeys(t *testing.T) {
	want := []string{"94d49c93ab4ed184", "70c7f8d7ee51d18e", "5c2d3e86cd5eb35a", "8300dc7c82b825da"}
	for i, k := range intelKeys() {
		if got := fmt.Sprintf("%x", sha256.Sum256(k.modulus)); !strings.HasPrefix(got, want[i]) || k.key.N.BitLen() != 8*partitionKeyBytes {
			t.Errorf("%s: %s, %d bits", k.name, got, k.key.N.BitLen())
		}
	}
}

// FuzzPartition reads any bytes as what an image with a partition holds, the
// signature under the test's key included.
func FuzzPartition(f *testing.F) {
	f.Add(signedROM(f))
	f.Add(signedROM(f, 0x86, 0x80, 0xa0, 0x56, 0x43, 0x10, 1, 2)[:testModule])
	for _, b := range intelROMs(f) {
		f.Add(b[:min(len(b), 0x1000)])
	}
	keys := append([]partitionKey{testPin()}, intelKeys()...)
	f.Fuzz(func(t *testing.T, b []byte) {
		out := &inventory.ROMPartition{}
		j := &partitionJob{b: b, keys: keys, image: extent{0, min(len(b), 0x800)}, at: min(len(b), testDirectory), out: out}
		j.run()
		if out.State == "" || out.State == inventory.PartitionAuthentic && (out.Key == nil || len(out.Modules) == 0) {
			t.Errorf("%+v", out)
		}
		for _, m := range out.Modules {
			if m.Matches != nil && (m.Offset < 0 || m.Offset+m.Bytes > len(b)) {
				t.Errorf("%+v of %d bytes", m, len(b))
			}
		}
	})
}

// FuzzManifest signs whatever extensions it gets: what a key that is known signed is
// read as carefully as the rest.
func FuzzManifest(f *testing.F) {
	good := signedROM(f, 0x86, 0x80, 0xa0, 0x56, 0x43, 0x10, 1, 2)
	size := 4 * int(binary.LittleEndian.Uint32(good[testManifest+24:]))
	f.Add(good[testManifest+manifestHeader : testManifest+size])
	f.Fuzz(func(t *testing.T, extensions []byte) {
		b := slices.Clone(good)
		m := append(b[testManifest:testManifest+manifestHeader:testManifest+manifestHeader], extensions...)
		out := &inventory.ROMPartition{}
		j := &partitionJob{b: b, image: extent{0, 0x800}, at: testDirectory, out: out}
		j.directory()
		j.signed(m, testManifest)
		for _, x := range out.Modules {
			if x.Matches != nil && (x.Offset < 0 || x.Offset+x.Bytes > len(b)) {
				t.Errorf("%+v of %d bytes", x, len(b))
			}
		}
	})
}
