package debpkg

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// A .deb is an ar archive with three members in this order: debian-binary,
// control.tar and data.tar, each tar perhaps compressed (deb(5)). The header of
// a member has 60 bytes in ASCII: name 16, times and owners 32, size 10, and the
// mark "`\n"; its content is padded to an even length.
const (
	arMagic  = "!<arch>\n"
	arHeader = 60
	arMark   = "`\n"
)

type member struct {
	name string
	data *io.SectionReader
}

// members reads an ar archive of at most eight members.
func members(deb *io.SectionReader) ([]member, error) {
	if string(bytesAt(deb, 0, len(arMagic))) != arMagic {
		return nil, fmt.Errorf("%w: no ar archive", importer.ErrMalformed)
	}
	var list []member
	for at := int64(len(arMagic)); at < deb.Size(); {
		if len(list) == 8 {
			return nil, fmt.Errorf("%w: more than 8 members", importer.ErrMalformed)
		}
		h := string(bytesAt(deb, at, arHeader))
		if len(h) < arHeader || h[58:] != arMark {
			return nil, fmt.Errorf("%w: no member header at offset %d", importer.ErrMalformed, at)
		}
		size, err := strconv.ParseUint(strings.TrimRight(h[48:58], " "), 10, 40)
		at += arHeader
		if err != nil || size > uint64(deb.Size()-at) {
			return nil, fmt.Errorf("%w: the member at offset %d does not fit in", importer.ErrMalformed, at-arHeader)
		}
		list = append(list, member{strings.TrimRight(h[:16], " /"), io.NewSectionReader(deb, at, int64(size))})
		at += int64(size + size%2)
	}
	return list, nil
}

// bytesAt are n bytes at an offset, or as many as can be read.
func bytesAt(r io.ReaderAt, at int64, n int) []byte {
	b := make([]byte, n)
	n, _ = r.ReadAt(b, at)
	return b[:n]
}

// parts returns the control and the data archive of a package.
func parts(deb *io.SectionReader) (control, data member, err error) {
	list, err := members(deb)
	if err != nil {
		return control, data, err
	}
	if len(list) < 3 || list[0].name != "debian-binary" || string(bytesAt(list[0].data, 0, 2)) != "2." ||
		!strings.HasPrefix(list[1].name, "control.tar") || !strings.HasPrefix(list[2].name, "data.tar") {
		return control, data, fmt.Errorf("%w: not the members of a Debian package, version 2", importer.ErrMalformed)
	}
	return list[1], list[2], nil
}
