package lvfs

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// A cabinet ([MS-CAB]) holds files behind each other in folders, which are
// compressed block by block: stored, or MSZIP, where each block is a deflate
// stream that may refer to the 32 KiB before it. Multi-part cabinets and other
// compressions are refused.
const (
	cabHeader, cabFolder, cabFile, cabData = 36, 8, 16, 8

	flagPrevious, flagNext, flagReserve = 1, 2, 4
	typeStored, typeMSZIP               = 0, 1

	maxFolders, maxFiles = 16, 64
	blockLimit           = 32 << 10
	contentLimit         = 64 << 20 // of all folders, decompressed
)

var le = binary.LittleEndian

func broken(at int, what string) error {
	return fmt.Errorf("cabinet: %w: %s at offset %d", importer.ErrMalformed, what, at)
}

// folder is where the blocks of a folder lie.
type folder struct {
	at, blocks, compression int
}

// readCabinet returns the files of a cabinet by name.
func readCabinet(b []byte) (map[string][]byte, error) {
	if len(b) < cabHeader || string(b[:4]) != "MSCF" || b[25] != 1 {
		return nil, fmt.Errorf("cabinet: %w: no header of version 1", importer.ErrMalformed)
	}
	files, flags := int(le.Uint32(b[16:])), le.Uint16(b[30:])
	count, entries := int(le.Uint16(b[26:])), int(le.Uint16(b[28:]))
	if flags&(flagPrevious|flagNext) != 0 {
		return nil, broken(30, "a part of a set of cabinets")
	}
	if count == 0 || count > maxFolders || entries == 0 || entries > maxFiles {
		return nil, broken(26, "too many folders or files, or none")
	}
	at, perFolder, perBlock := cabHeader, 0, 0
	if flags&flagReserve != 0 {
		if len(b) < at+4 {
			return nil, broken(at, "reserved sizes cut off")
		}
		perFolder, perBlock = int(b[at+2]), int(b[at+3])
		at += 4 + int(le.Uint16(b[at:]))
	}
	contents, limit := make([][]byte, count), contentLimit
	for i := range count {
		if at < 0 || len(b)-at < cabFolder+perFolder {
			return nil, broken(at, "a folder cut off")
		}
		f := folder{int(le.Uint32(b[at:])), int(le.Uint16(b[at+4:])), int(le.Uint16(b[at+6:]) & 15)}
		content, err := f.read(b, perBlock, limit)
		if err != nil {
			return nil, err
		}
		contents[i], limit = content, limit-len(content)
		at += cabFolder + perFolder
	}
	return cut(b, files, entries, contents)
}

// cut takes the files out of the folders' contents.
func cut(b []byte, at, entries int, contents [][]byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	for range entries {
		if at < 0 || at > len(b) || len(b)-at < cabFile {
			return nil, broken(at, "a file entry cut off")
		}
		size, offset, in := int(le.Uint32(b[at:])), int(le.Uint32(b[at+4:])), int(le.Uint16(b[at+8:]))
		end := bytes.IndexByte(b[at+cabFile:min(len(b), at+cabFile+256)], 0)
		if end <= 0 || in >= len(contents) || offset > len(contents[in]) || size > len(contents[in])-offset {
			return nil, broken(at, "a file without a name, or outside its folder")
		}
		name := string(b[at+cabFile : at+cabFile+end])
		if _, twice := files[name]; twice {
			return nil, broken(at, "a file that comes twice")
		}
		files[name] = contents[in][offset : offset+size]
		at += cabFile + end + 1
	}
	return files, nil
}

// read decompresses a folder.
func (f folder) read(b []byte, perBlock, limit int) ([]byte, error) {
	if f.compression != typeStored && f.compression != typeMSZIP {
		return nil, broken(f.at, fmt.Sprintf("compression %d, neither stored nor MSZIP", f.compression))
	}
	out := make([]byte, 0, f.size(b, perBlock, limit))
	at := f.at
	for range f.blocks {
		if at < 0 || at > len(b) || len(b)-at < cabData+perBlock {
			return nil, broken(at, "a block cut off")
		}
		packed, size := int(le.Uint16(b[at+4:])), int(le.Uint16(b[at+6:]))
		start := at + cabData + perBlock
		if packed > len(b)-start || size > blockLimit || len(out)+size > limit {
			return nil, broken(at, "a block that is cut off or too large")
		}
		if sum := le.Uint32(b[at:]); sum != 0 && sum != checksum(b[at+4:start+packed]) {
			return nil, broken(at, "a block whose checksum is wrong")
		}
		block, err := f.block(b[start:start+packed], size, out)
		if err != nil {
			return nil, broken(at, err.Error())
		}
		out = append(out, block...)
		at = start + packed
	}
	return out, nil
}

// size is how many bytes the blocks of a folder say that they hold, at most limit.
func (f folder) size(b []byte, perBlock, limit int) int {
	total, at := 0, f.at
	for range f.blocks {
		if at < 0 || at > len(b) || len(b)-at < cabData+perBlock {
			break
		}
		total += int(le.Uint16(b[at+6:]))
		at += cabData + perBlock + int(le.Uint16(b[at+4:]))
	}
	return min(total, limit)
}

// block decompresses a block; before is what came before it in the folder.
func (f folder) block(b []byte, size int, before []byte) ([]byte, error) {
	if f.compression == typeStored {
		if len(b) != size {
			return nil, errors.New("a stored block of another size than it states")
		}
		return b, nil
	}
	if !bytes.HasPrefix(b, []byte("CK")) {
		return nil, errors.New("a block without MSZIP's mark")
	}
	r := flate.NewReaderDict(bytes.NewReader(b[2:]), before[max(0, len(before)-blockLimit):])
	out := make([]byte, size)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, fmt.Errorf("a block that does not decompress: %w", err)
	}
	return out, nil
}

// checksum is the XOR of the words of a block's sizes and data; what is left at
// the end is taken in the other order of bytes ([MS-CAB] 3.1, CFDATA csum).
func checksum(b []byte) uint32 {
	var sum uint32
	for ; len(b) >= 4; b = b[4:] {
		sum ^= le.Uint32(b)
	}
	var rest uint32
	for _, c := range b {
		rest = rest<<8 | uint32(c)
	}
	return sum ^ rest
}
