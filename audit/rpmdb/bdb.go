package rpmdb

import (
	"encoding/binary"
	"fmt"
)

// The form of a Berkeley DB hash: dbinc/db_page.h of Berkeley DB 4 and 5, in the
// byte order of the machine that wrote it.
const (
	bdbHashMagic             = 0x00061561
	bdbOverflow              = 7
	bdbHash, bdbHashUnsorted = 13, 2
	bdbHead                  = 26
	bdbInline, bdbOffPage    = 1, 3
)

// bdb is a hash whose pages are read one after the other: the order of packages
// does not matter here.
type bdb struct {
	File
	order binary.ByteOrder
	page  int64
	pages uint32
	left  uint32 // pages of chains that may still be read
	v     *visitor
}

func eachBDB(db File, order binary.ByteOrder, v *visitor) error {
	meta, err := db.at(0, 72)
	if err != nil {
		return err
	}
	b := bdb{File: db, order: order, page: int64(order.Uint32(meta[20:])), v: v}
	if b.page < 512 || b.page > 64<<10 || b.page&(b.page-1) != 0 || meta[24] != 0 || meta[25] != 8 {
		return fmt.Errorf("%w: a hash of pages of %d bytes, encryption %d, type %d", ErrMalformed, b.page, meta[24], meta[25])
	}
	pages := db.Size / b.page
	if pages > pagesLimit {
		return fmt.Errorf("%w: %d pages", ErrLimit, pages)
	}
	b.pages, b.left = uint32(pages), uint32(pages)
	page := make([]byte, b.page)
	for n := uint32(1); n < b.pages; n++ {
		if err := db.fill(page, int64(n)*b.page); err != nil {
			return err
		}
		if page[25] != bdbHash && page[25] != bdbHashUnsorted {
			continue
		}
		if err := b.values(page); err != nil || v.done {
			return err
		}
	}
	return nil
}

// values visits the values of a page: every second item. Items lie one before the
// other from the page's end.
func (b *bdb) values(page []byte) error {
	entries := int(b.order.Uint16(page[20:]))
	if bdbHead+2*entries > len(page) {
		return fmt.Errorf("%w: page with %d entries", ErrMalformed, entries)
	}
	end := len(page)
	for i := range entries {
		at := int(b.order.Uint16(page[bdbHead+2*i:]))
		if at >= end || at < bdbHead+2*entries {
			return fmt.Errorf("%w: item at %d, the one before it at %d", ErrMalformed, at, end)
		}
		item := page[at:end]
		end = at
		if i%2 == 0 {
			continue // a key
		}
		var err error
		switch {
		case item[0] == bdbInline && len(item) > 1+8:
			err = b.v.header(item[1:])
		case item[0] == bdbInline: // the counter of packages, no package
		case item[0] == bdbOffPage && len(item) >= 12:
			err = b.chain(b.order.Uint32(item[4:]), b.order.Uint32(item[8:]))
		default:
			err = fmt.Errorf("%w: item of type %d with %d bytes", ErrMalformed, item[0], len(item))
		}
		if err != nil || b.v.done {
			return err
		}
	}
	return nil
}

// chain visits a value that lies on pages of its own.
func (b *bdb) chain(n, size uint32) error {
	if int64(size) > b.Size {
		return fmt.Errorf("%w: value of %d bytes", ErrMalformed, size)
	}
	value, err := b.v.room(int64(size))
	if err != nil {
		return err
	}
	page := make([]byte, b.page)
	for got := 0; got < len(value); {
		if n == 0 || n >= b.pages || b.left == 0 {
			return fmt.Errorf("%w: value of %d bytes ends after %d", ErrMalformed, size, got)
		}
		b.left--
		if err := b.fill(page, int64(n)*b.page); err != nil {
			return err
		}
		here := int(b.order.Uint16(page[22:]))
		if page[25] != bdbOverflow || here == 0 || bdbHead+here > len(page) {
			return fmt.Errorf("%w: page %d of type %d with %d bytes", ErrMalformed, n, page[25], here)
		}
		got += copy(value[got:], page[bdbHead:bdbHead+here])
		n = b.order.Uint32(page[16:])
	}
	return b.v.header(value)
}
