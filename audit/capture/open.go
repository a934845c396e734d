package capture

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Archive is an archive that was read and checked. It is safe for concurrent use.
type Archive struct {
	name string
	meta *Meta // nil for a ghw snapshot
	view *view
}

// OpenFile opens the archive in a file. The error's Archive is its base name.
func OpenFile(name string, limits Limits) (*Archive, error) {
	f, err := input.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Open(filepath.Base(name), f, limits)
}

// Open reads an archive into memory: a ghw snapshot or a gpuaudit capture, as
// .tar.gz or plain .tar. name is for error messages. Errors are of type
// [*Error]. With an error of kind [Truncated] there may still be an Archive:
// it holds what came before the damage, and for any name that it lacks it
// answers with Truncated and not with fs.ErrNotExist. A truncated snapshot's
// directories list only what came before.
func Open(name string, r io.Reader, limits Limits) (*Archive, error) {
	limits = limits.orDefault()
	s, err := newStream(r, limits)
	if err != nil {
		return nil, &Error{Archive: name, Kind: kindOf(err), Err: unlessKind(err)}
	}
	rd := &reader{archive: name, stream: s, tar: tar.NewReader(s), tree: newTree(limits)}
	if err := rd.readAll(); err != nil {
		if err.Kind != Truncated || rd.entries == 0 {
			return nil, err
		}
		return rd.finish(true), err
	}
	return rd.finish(false), nil
}

// reader reads one archive.
type reader struct {
	archive string
	stream  *stream
	tar     *tar.Reader
	tree    *tree
	meta    *Meta
	index   *index
	entries int
	entry   string // being read
	offset  int64  // of its header
}

func (rd *reader) readAll() *Error {
	for {
		rd.entry, rd.offset = "", (rd.stream.out+511)&^511
		h, err := rd.tar.Next()
		if err == io.EOF {
			return rd.end()
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return rd.broken(err)
		}
		rd.entry = h.Name
		if err := rd.add(h); err != nil {
			return err
		}
		rd.entries++
	}
}

// end checks that the archive has an end and nothing after it: two zero
// blocks, without which a cut between two entries would go unseen.
func (rd *reader) end() *Error {
	if rd.stream.out-rd.offset < 1024 {
		if rd.stream.out == 0 {
			return rd.refuse(NotArchive, errors.New("it is empty"))
		}
		return rd.broken(io.ErrUnexpectedEOF)
	}
	// What holds nothing is none, whatever follows: a disk of zeros is not read to its end.
	if rd.entries == 0 {
		return rd.refuse(NotArchive, errors.New("it holds nothing"))
	}
	if err := rd.stream.drain(); err != nil {
		return rd.broken(err)
	}
	if rd.meta != nil && rd.index == nil {
		return rd.refuse(BadFormat, errors.New("it has no "+indexName))
	}
	return nil
}

// broken reports an error of the layers below the entries.
func (rd *reader) broken(err error) *Error {
	if rd.stream.err != nil {
		err = rd.stream.err
	}
	kind := kindOf(err)
	if errors.Is(err, tar.ErrHeader) {
		kind, err = Corrupt, nil
		if rd.entries == 0 {
			kind = NotArchive
		}
	}
	if kind == Truncated {
		rd.offset, err = rd.stream.out, nil
		if rd.entries == 0 && !rd.stream.zip && rd.stream.out < 512 {
			kind = NotArchive
		}
	}
	return rd.refuse(kind, unlessKind(err))
}

func (rd *reader) refuse(kind Kind, err error) *Error {
	return &Error{Archive: rd.archive, Entry: rd.entry, Offset: rd.offset, Kind: kind, Err: err}
}

// refuseEntry reports an error that has its kind in it.
func (rd *reader) refuseEntry(err error) *Error { return rd.refuse(refusal(err), unlessKind(err)) }

// unlessKind drops an error that is only its kind.
func unlessKind(err error) error {
	if _, ok := err.(Kind); ok {
		return nil
	}
	return err
}

// add checks one entry and reads it.
func (rd *reader) add(h *tar.Header) *Error {
	if isComment(h) {
		return nil
	}
	if err := checkHeader(h); err != nil {
		return rd.refuseEntry(err)
	}
	name := strings.TrimPrefix(h.Name, "./")
	if h.Typeflag == tar.TypeDir {
		name = strings.TrimSuffix(name, "/")
		if name == "" || name == "." {
			return nil // the top itself, as "tar -C dir ." writes it
		}
	}
	if err := rd.tree.checkName(name); err != nil {
		return rd.refuseEntry(err)
	}
	if err := rd.checkPlace(h, name); err != nil {
		return rd.refuse(BadFormat, err)
	}
	n, err := rd.node(h, name)
	if err != nil {
		return err
	}
	if err := rd.tree.add(name, n); err != nil {
		return rd.refuseEntry(err)
	}
	rd.stream.more = int64(len(rd.tree.cards)) * cardTotal
	return rd.readOwn(name, n)
}

// checkHeader lets plain files, directories and symbolic links through, and no
// extension that makes an entry another than its header says.
func checkHeader(h *tar.Header) error {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir, tar.TypeSymlink:
	default:
		return &said{"it is " + typeName(h.Typeflag), []error{BadType}}
	}
	for key := range h.PAXRecords {
		if key == "size" || key == "hdrcharset" || strings.HasPrefix(key, "GNU.sparse.") {
			return &said{fmt.Sprintf("PAX record %q", key), []error{BadType}}
		}
	}
	return nil
}

// isComment says that an entry is the remark that git leaves in its archives.
// A global header with any other record is refused.
func isComment(h *tar.Header) bool {
	_, ok := h.PAXRecords["comment"]
	return h.Typeflag == tar.TypeXGlobalHeader && ok && len(h.PAXRecords) == 1
}

func typeName(flag byte) string {
	switch flag {
	case tar.TypeLink:
		return "a hard link"
	case tar.TypeChar, tar.TypeBlock:
		return "a device node"
	case tar.TypeFifo:
		return "a fifo"
	case tar.TypeGNUSparse:
		return "a sparse file"
	case tar.TypeXGlobalHeader:
		return "a global PAX header"
	default:
		return fmt.Sprintf("of type %q", flag)
	}
}

// checkPlace holds a capture to its layout. What the first entry is decides
// whether the archive is one.
func (rd *reader) checkPlace(h *tar.Header, name string) error {
	if name == metaName && rd.entries > 0 {
		return errors.New("it must be the first entry")
	}
	if rd.meta == nil {
		return nil
	}
	top, below, deep := strings.Cut(name, "/")
	switch {
	case rd.entries == 1 && name != indexName:
		return errors.New("the second entry must be " + indexName)
	case (name == indexName || name == nvmlName || name == tpmName) && h.Typeflag == tar.TypeReg,
		top == rootName && (deep || h.Typeflag == tar.TypeDir),
		top == derivedName && h.Typeflag != tar.TypeSymlink,
		top == romsName && h.Typeflag != tar.TypeSymlink && !strings.Contains(below, "/"):
		return nil
	}
	return errors.New("it does not belong in a capture")
}

func (rd *reader) node(h *tar.Header, name string) (*node, *Error) {
	perm := fs.FileMode(h.Mode) & fs.ModePerm
	switch h.Typeflag {
	case tar.TypeDir:
		return &node{mode: fs.ModeDir | perm}, nil
	case tar.TypeSymlink:
		if err := rd.tree.checkTarget(rd.root(), name, h.Linkname); err != nil {
			return nil, rd.refuseEntry(err)
		}
		return &node{mode: fs.ModeSymlink | 0o777, target: h.Linkname}, nil
	}
	if h.Size > rd.tree.limits.FileBytes {
		return nil, rd.refuse(TooLarge, fmt.Errorf("%d bytes, at most %d", h.Size, rd.tree.limits.FileBytes))
	}
	data, err := bounded.Read(member{rd.tar, h}, rd.tree.limits.FileBytes)
	if err != nil {
		return nil, rd.broken(err)
	}
	return &node{mode: perm, data: data}, nil
}

// member is a file that is being read, with the size that its header claims.
type member struct {
	io.Reader
	header *tar.Header
}

func (m member) Stat() (fs.FileInfo, error) { return m.header.FileInfo(), nil }

// readOwn decodes the entries that describe the capture itself.
func (rd *reader) readOwn(name string, n *node) *Error {
	var err error
	switch {
	case name == metaName && n.mode.IsRegular():
		rd.meta, err = decodeMeta(n.data)
	case name == indexName && rd.meta != nil:
		rd.index, err = decodeIndex(n.data)
	}
	if err != nil {
		return rd.refuse(BadFormat, err)
	}
	return nil
}

func (rd *reader) root() string {
	if rd.meta != nil {
		return rootName
	}
	return "."
}

// alone is the folder that an unpacked machine was packed with ("tar czf host.tar.gz
// host"): the one at the top, which alone holds a sys.
func (rd *reader) alone() string {
	top := "."
	for range 4 {
		if n := rd.tree.nodes[path.Join(top, "sys")]; n != nil && n.mode.IsDir() {
			return top
		}
		n := rd.tree.nodes[top]
		if n == nil || len(n.names) != 1 {
			break
		}
		top = path.Join(top, n.names[0])
	}
	return "."
}

// finish makes the Archive of what was read.
func (rd *reader) finish(truncated bool) *Archive {
	rd.tree.sort()
	v := &view{tree: rd.tree, root: rd.root(), absent: fs.ErrNotExist}
	if rd.meta != nil {
		v.absent = ErrNotRecorded
		v.setIndex(rd.index)
	} else {
		v.root = rd.alone()
	}
	if truncated {
		v.absent = Truncated
	}
	if v.node(".") == nil {
		rd.tree.nodes[v.root] = &node{mode: fs.ModeDir | 0o555}
	}
	return &Archive{name: rd.archive, meta: rd.meta, view: v}
}
