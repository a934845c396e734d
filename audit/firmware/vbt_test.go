package firmware

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vbt builds a table whose data block holds these blocks, each with its header.
func vbt(blocks ...[]byte) []byte {
	b := make([]byte, vbtHeaderBytes+bdbHeaderBytes)
	copy(b, "$VBT ALDERLAKE      ")
	binary.LittleEndian.PutUint16(b[20:], 100)
	binary.LittleEndian.PutUint16(b[22:], vbtHeaderBytes)
	binary.LittleEndian.PutUint32(b[28:], vbtHeaderBytes)
	d := b[vbtHeaderBytes:]
	copy(d, bdbMark)
	binary.LittleEndian.PutUint16(d[16:], 249)
	binary.LittleEndian.PutUint16(d[18:], bdbHeaderBytes)
	for _, block := range blocks {
		b = append(b, block...)
	}
	binary.LittleEndian.PutUint16(b[vbtHeaderBytes+20:], uint16(len(b)-vbtHeaderBytes))
	binary.LittleEndian.PutUint16(b[24:], uint16(len(b)))
	var sum byte
	for _, v := range b {
		sum += v
	}
	b[26] = -sum
	return b
}

func block(id byte, content ...byte) []byte {
	return append([]byte{id, byte(len(content)), byte(len(content) >> 8)}, content...)
}

func definitions() []byte {
	content := make([]byte, 5, 5+3*8)
	content[4] = 8
	for _, kind := range []byte{0xc6, 0, 0x52} {
		content = append(content, 0, 0, kind, 0, 0, 0, 0, 0)
	}
	return block(bdbDefinitions, content...)
}

func TestVBT(t *testing.T) {
	mipi := block(bdbMIPISequence, 3, 4, 0, 0, 0, 'a', 'b', 'c', 'd')
	binary.LittleEndian.PutUint16(mipi[1:], 0) // its own size does not count from version 3 on
	v, err := ParseVBT(vbt(block(254, 1, 2, 3), definitions(), mipi, block(9)))
	if err != nil {
		t.Fatal(err)
	}
	if v.Product != "ALDERLAKE" || v.Version != 100 || v.DataVersion != 249 || v.Sum != 0 || len(v.Blocks) != 4 || v.Outputs == nil || *v.Outputs != 2 {
		t.Errorf("got %+v", v)
	}
	long := vbt(block(9, 1, 2), block(40, 1, 2))
	long[len(long)-4] = 3
	if v, err := ParseVBT(long); err != nil || v.Blocks[1].Bytes != 2 || v.Sum == 0 {
		t.Errorf("a last block that is a byte too long: %v, %+v", err, v)
	}
	if b := v.Blocks[2]; b.ID != bdbMIPISequence || b.Bytes != 9 {
		t.Errorf("MIPI sequence %+v", b)
	}
}

// TestVBTWithoutBlocks: Battlemage's legacy image has the maker's text where the
// blocks of a table would be, and no version. That is no fault; the same in a
// table with a version is one.
func TestVBTWithoutBlocks(t *testing.T) {
	b := vbt([]byte("Intel(R) DG1 Mobile/Desktop PCI Accelerated SVGA BIOS"))
	if _, err := ParseVBT(b); !errors.Is(err, ErrVBT) {
		t.Errorf("with a version: %v", err)
	}
	binary.LittleEndian.PutUint16(b[vbtHeaderBytes+16:], 0)
	if v, err := ParseVBT(b); err != nil || len(v.Blocks) != 0 || v.Outputs != nil {
		t.Errorf("without: %v, %+v", err, v)
	}
	broken := vbt(block(254, 1), []byte{9, 0xff, 0xff})
	binary.LittleEndian.PutUint16(broken[vbtHeaderBytes+16:], 0)
	if _, err := ParseVBT(broken); !errors.Is(err, ErrVBT) {
		t.Errorf("a block that does not fit behind one that does: %v", err)
	}
}

func TestVBTInLegacyImage(t *testing.T) {
	rom := image(codeLegacy, vendorIntel, 0x4680, 4, true)
	copy(rom[0x200:], vbt(definitions()))
	parsed := Parse(fix(rom))
	if parsed.VBT == nil || parsed.VBT.Offset != 0x200 || *parsed.VBT.Outputs != 2 || len(parsed.Faults) != 0 || len(parsed.Tables) != 1 {
		t.Fatalf("VBT %+v, faults %v, tables %v", parsed.VBT, parsed.Faults, parsed.Tables)
	}
	binary.LittleEndian.PutUint16(rom[0x200+24:], 0xffff)
	if parsed = Parse(fix(rom)); len(parsed.Faults) != 1 || parsed.VBT == nil {
		t.Errorf("faults %v", parsed.Faults)
	}
}

func TestVBTFaults(t *testing.T) {
	good := vbt(block(254, 1, 2, 3), definitions())
	edit := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	const d = vbtHeaderBytes
	for name, tt := range map[string]struct {
		b    []byte
		want string
	}{
		"empty":                 {nil, "no $VBT"},
		"cut":                   {good[:len(good)-1], "offset 0x18"},
		"size below the header": {edit(24, 1, 0), "offset 0x18"},
		"no data block":         {edit(28, 0xff, 0xff, 0xff, 0xff), "offset 0x1c"},
		"data block elsewhere":  {edit(d, 'X'), "offset 0x1c"},
		"data block too long":   {edit(d+20, 0xff, 0xff), "data block claims"},
		"header too long":       {edit(d+18, 0xff, 0xff), "data block claims"},
		"block too long":        {edit(d+bdbHeaderBytes+1, 0xff), "block 254 claims"},
		"rest is no block":      {edit(d+bdbHeaderBytes+1, byte(len(good)-d-bdbHeaderBytes-5)), "are no block"},
	} {
		if _, err := ParseVBT(tt.b); !errors.Is(err, ErrVBT) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRealVBTs reads the tables in a folder, such as the Vbt.bin files of
// github.com/intel/FSP, which are no part of the project.
func TestRealVBTs(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("GPUAUDIT_VBT_DIR"), "*.bin"))
	if os.Getenv("GPUAUDIT_VBT_DIR") == "" || len(files) == 0 {
		t.Skip("GPUAUDIT_VBT_DIR names no folder with VBT files")
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		v, err := ParseVBT(b)
		if err != nil || len(v.Blocks) < 5 || v.Outputs == nil {
			t.Errorf("%s: %v, %+v", filepath.Base(name), err, v)
			continue
		}
		t.Logf("%s: %s, version %d, data %d, %d blocks, %d outputs", filepath.Base(name), v.Product, v.Version, v.DataVersion, len(v.Blocks), *v.Outputs)
	}
}

func FuzzVBT(f *testing.F) {
	f.Add(vbt(block(254, 1, 2, 3), definitions()))
	f.Add(vbt(block(bdbMIPISequence, 3, 0, 0, 0, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseVBT(b)
		if err != nil && !errors.Is(err, ErrVBT) {
			t.Error(err)
		}
		if v != nil && len(v.Blocks) > maxBlocks {
			t.Errorf("%d blocks", len(v.Blocks))
		}
	})
}
