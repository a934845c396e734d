package rpmdb

import (
	"encoding/binary"
	"fmt"
)

// The form of NDB: rpm's lib/backend/ndb/rpmpkg.c. All numbers are little-endian.
const (
	ndbPage, ndbSlot   = 4096, 16
	ndbFirstSlot       = 2 // the file's header takes the place of two
	ndbBlock, ndbHead  = 16, 16
	ndbSlotsLimit      = 1 << 20
	ndbOffsetSlotPages = 12
)

func eachNDB(db File, v *visitor) error {
	start, err := db.at(0, 32)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if version := le.Uint32(start[4:]); version != 0 {
		return fmt.Errorf("%w: NDB version %d", ErrMalformed, version)
	}
	pages := int64(le.Uint32(start[ndbOffsetSlotPages:]))
	if pages == 0 || pages*ndbPage > db.Size {
		return fmt.Errorf("%w: %d pages of slots in %d bytes", ErrMalformed, pages, db.Size)
	}
	if pages*ndbPage/ndbSlot > ndbSlotsLimit {
		return fmt.Errorf("%w: %d pages of slots", ErrLimit, pages)
	}
	slots := make([]byte, ndbPage)
	for page := range pages {
		if err := db.fill(slots, page*ndbPage); err != nil {
			return err
		}
		for at := range ndbPage / ndbSlot {
			slot := slots[at*ndbSlot:]
			if page == 0 && at < ndbFirstSlot || le.Uint32(slot[4:]) == 0 {
				continue // the header, or a free slot
			}
			if string(slot[:4]) != "Slot" {
				return fmt.Errorf("%w: a slot begins with %x", ErrMalformed, slot[:4])
			}
			if err := ndbPackage(db, le.Uint32(slot[4:]), le.Uint32(slot[8:]), v); err != nil || v.done {
				return err
			}
		}
	}
	return nil
}

// ndbPackage visits the package of a slot: a head that names its length, and the
// header.
func ndbPackage(db File, index, block uint32, v *visitor) error {
	at := int64(block) * ndbBlock
	head, err := db.at(at, ndbHead)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if string(head[:4]) != "BlbS" || le.Uint32(head[4:]) != index {
		return fmt.Errorf("%w: no package %d at %d", ErrMalformed, index, at)
	}
	size := int64(le.Uint32(head[12:]))
	if size > db.Size-at {
		return fmt.Errorf("%w: package of %d bytes at %d of %d", ErrMalformed, size, at, db.Size)
	}
	b, err := v.room(size)
	if err != nil {
		return err
	}
	if err := db.fill(b, at+ndbHead); err != nil {
		return err
	}
	return v.header(b)
}
