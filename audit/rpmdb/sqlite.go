package rpmdb

import (
	"encoding/binary"
	"fmt"
)

// The form of a SQLite database: https://www.sqlite.org/fileformat2.html, of which
// table b-trees, overflow pages and the write-ahead log are read.
const (
	sqliteHead                 = 100
	sqliteInterior, sqliteLeaf = 0x05, 0x0d
	// sqliteDepth caps the height of a tree; 2^31 pages come to a dozen.
	sqliteDepth = 20
)

type sqlite struct {
	File
	page, usable int64
	pages        int64
	log          File
	inLog        map[uint32]int64 // page to its place in the log
	left         int64            // pages that may still be read
	v            *visitor
}

func eachSQLite(db, log File, v *visitor) error {
	head, err := db.at(0, sqliteHead)
	if err != nil {
		return err
	}
	s := &sqlite{File: db, log: log, v: v, page: int64(binary.BigEndian.Uint16(head[16:]))}
	if s.page == 1 {
		s.page = 64 << 10
	}
	s.usable = s.page - int64(head[20])
	if s.page < 512 || s.page&(s.page-1) != 0 || s.usable < 480 {
		return fmt.Errorf("%w: pages of %d bytes, %d usable", ErrMalformed, s.page, s.usable)
	}
	if s.pages = db.Size / s.page; s.pages > pagesLimit {
		return fmt.Errorf("%w: %d pages", ErrLimit, s.pages)
	}
	if err := s.openLog(); err != nil {
		return err
	}
	s.left = s.pages + int64(len(s.inLog))
	var root uint32
	err = s.rows(1, 0, func(b []byte) (bool, error) {
		if columns, err := record(b); err == nil && len(columns) >= 4 && string(columns[0].bytes) == "table" && string(columns[1].bytes) == "Packages" {
			root = uint32(columns[3].number)
		}
		return root == 0, nil
	})
	if err != nil {
		return err
	}
	if root == 0 {
		return fmt.Errorf("%w: no table Packages", ErrMalformed)
	}
	return s.rows(root, 0, func(b []byte) (bool, error) {
		columns, err := record(b)
		if err != nil {
			return false, err
		}
		if len(columns) < 2 || columns[1].bytes == nil {
			return false, fmt.Errorf("%w: a package without header", ErrMalformed)
		}
		err = v.header(columns[1].bytes)
		return !v.done, err
	})
}

// pageAt reads a page: from the log where that has a newer one.
func (s *sqlite) pageAt(n uint32) ([]byte, error) {
	if s.left--; s.left < 0 {
		return nil, fmt.Errorf("%w: a page is part of two things", ErrMalformed)
	}
	if at, ok := s.inLog[n]; ok {
		return s.log.at(at, int(s.page))
	}
	if n == 0 || int64(n) > s.pages {
		return nil, fmt.Errorf("%w: page %d of %d", ErrMalformed, n, s.pages)
	}
	return s.at(int64(n-1)*s.page, int(s.page))
}

// rows calls visit with the record of each row of a table's b-tree.
func (s *sqlite) rows(n uint32, depth int, visit func([]byte) (bool, error)) error {
	_, err := s.walk(n, depth, visit)
	return err
}

func (s *sqlite) walk(n uint32, depth int, visit func([]byte) (bool, error)) (more bool, err error) {
	if depth > sqliteDepth {
		return false, fmt.Errorf("%w: a tree higher than %d", ErrMalformed, sqliteDepth)
	}
	p, err := s.pageAt(n)
	if err != nil {
		return false, err
	}
	head := 0
	if n == 1 {
		head = sqliteHead
	}
	kind, cells := p[head], int(binary.BigEndian.Uint16(p[head+3:]))
	first := head + 8
	if kind == sqliteInterior {
		first = head + 12
	}
	if kind != sqliteLeaf && kind != sqliteInterior || first+2*cells > len(p) {
		return false, fmt.Errorf("%w: page %d of type %d with %d cells", ErrMalformed, n, kind, cells)
	}
	for i := range cells {
		at := int(binary.BigEndian.Uint16(p[first+2*i:]))
		if at < first || at+4 > len(p) {
			return false, fmt.Errorf("%w: cell at %d of page %d", ErrMalformed, at, n)
		}
		if kind == sqliteInterior {
			more, err = s.walk(binary.BigEndian.Uint32(p[at:]), depth+1, visit)
		} else {
			more, err = s.cell(p, at, visit)
		}
		if err != nil || !more {
			return false, err
		}
	}
	if kind == sqliteInterior {
		return s.walk(binary.BigEndian.Uint32(p[head+8:]), depth+1, visit)
	}
	return true, nil
}

// cell visits the row of a leaf's cell: length, row id, the record's beginning, and
// where that is not all the first page of the rest.
func (s *sqlite) cell(p []byte, at int, visit func([]byte) (bool, error)) (bool, error) {
	size, n := varint(p[at:])
	_, m := varint(p[at+n:])
	if n == 0 || m == 0 || size > uint64(s.page)*uint64(s.pages+int64(len(s.inLog))) {
		return false, fmt.Errorf("%w: record of %d bytes", ErrMalformed, size)
	}
	local := s.local(int64(size))
	rest := p[at+n+m:]
	if int64(len(rest)) < local || int64(size) > local && int64(len(rest)) < local+4 {
		return false, fmt.Errorf("%w: record of %d bytes at %d", ErrMalformed, size, at)
	}
	if int64(size) == local {
		return visit(rest[:local])
	}
	b, err := s.v.room(int64(size))
	if err != nil {
		return false, err
	}
	got := copy(b, rest[:local])
	for next := binary.BigEndian.Uint32(rest[local:]); got < len(b); {
		p, err := s.pageAt(next)
		if err != nil {
			return false, err
		}
		next = binary.BigEndian.Uint32(p)
		got += copy(b[got:], p[4:s.usable])
	}
	return visit(b)
}

// local is how many bytes of a record lie in the cell itself.
func (s *sqlite) local(size int64) int64 {
	u := s.usable
	most, least := u-35, (u-12)*32/255-23
	if size <= most {
		return size
	}
	if k := least + (size-least)%(u-4); k <= most {
		return k
	}
	return least
}

// varint is a number of up to nine bytes, the highest first; 0 bytes where the
// text ends before it.
func varint(b []byte) (v uint64, n int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return v<<8 | uint64(b[i]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// column is a value of a record: a text or blob, or a number.
type column struct {
	bytes  []byte
	number uint64
}

// record takes a record apart, up to five columns: nothing read here has more.
func record(b []byte) ([]column, error) {
	size, n := varint(b)
	if n == 0 || size > uint64(len(b)) || size < uint64(n) {
		return nil, fmt.Errorf("%w: a record's head of %d bytes in %d", ErrMalformed, size, len(b))
	}
	head, body := b[n:size], b[size:]
	var columns []column
	for len(head) > 0 && len(columns) < 5 {
		kind, n := varint(head)
		if n == 0 {
			return nil, fmt.Errorf("%w: a record's head breaks off", ErrMalformed)
		}
		head = head[n:]
		var width uint64
		switch {
		case kind >= 12:
			width = (kind - 12) / 2
		case kind == 10 || kind == 11:
			return nil, fmt.Errorf("%w: column of type %d", ErrMalformed, kind)
		default:
			width = [...]uint64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}[kind]
		}
		if width > uint64(len(body)) {
			return nil, fmt.Errorf("%w: column of %d bytes in %d", ErrMalformed, width, len(body))
		}
		var c column
		if kind >= 12 {
			c.bytes = body[:width]
		} else {
			for _, x := range body[:width] {
				c.number = c.number<<8 | uint64(x)
			}
			if kind == 9 {
				c.number = 1
			}
		}
		columns, body = append(columns, c), body[width:]
	}
	return columns, nil
}

// openLog notes which pages the write-ahead log has newer: those up to the last
// frame that ends a transaction, as long as salts and sums agree.
func (s *sqlite) openLog() error {
	const head, frame = 32, 24
	if s.log.ReaderAt == nil || s.log.Size < head {
		return nil
	}
	h, err := s.log.at(0, head)
	if err != nil {
		return err
	}
	be := binary.BigEndian
	var order binary.ByteOrder = binary.LittleEndian
	magic := be.Uint32(h)
	if magic == 0x377f0683 {
		order = be
	} else if magic != 0x377f0682 {
		return nil // no log: SQLite leaves it aside, too
	}
	sum := logSum(order, [2]uint32{}, h[:24])
	if int64(be.Uint32(h[8:])) != s.page || sum != [2]uint32{be.Uint32(h[24:]), be.Uint32(h[28:])} {
		return nil
	}
	if (s.log.Size-head)/(frame+s.page) > pagesLimit {
		return fmt.Errorf("%w: log of %d bytes", ErrLimit, s.log.Size)
	}
	s.inLog = map[uint32]int64{}
	open := map[uint32]int64{}
	f := make([]byte, frame+s.page)
	for at := int64(head); at+int64(len(f)) <= s.log.Size; at += int64(len(f)) {
		if err := s.log.fill(f, at); err != nil {
			return err
		}
		sum = logSum(order, logSum(order, sum, f[:8]), f[frame:])
		if string(f[8:16]) != string(h[16:24]) || sum != [2]uint32{be.Uint32(f[16:]), be.Uint32(f[20:])} {
			break
		}
		open[be.Uint32(f)] = at + frame
		if be.Uint32(f[4:]) != 0 {
			for n, at := range open {
				s.inLog[n] = at
			}
			clear(open)
		}
	}
	return nil
}

// logSum is the running sum of a log over a text of a multiple of eight bytes.
func logSum(order binary.ByteOrder, sum [2]uint32, b []byte) [2]uint32 {
	for i := 0; i+8 <= len(b); i += 8 {
		sum[0] += order.Uint32(b[i:]) + sum[1]
		sum[1] += order.Uint32(b[i+4:]) + sum[0]
	}
	return sum
}
