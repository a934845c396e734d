package tpm

import (
	"encoding/binary"
	"fmt"
)

// attest is a TPMS_ATTEST (TPM 2.0 Library, Part 2, section 10.12.8), decoded
// here rather than by the library so that each fault has its place and so that
// another magic or type is told from bytes that make no sense.
type attest struct {
	magic     uint32
	kind      uint16
	signer    []byte
	extraData []byte
	clock     Clock
	quote     *quoteInfo // nil for another kind
}

// Clock is the TPM's own time and what it says of its firmware (Part 2, section
// 10.11.1 and 10.12.8).
type Clock struct {
	Milliseconds uint64 `json:"milliseconds"` // powered, since the TPM was cleared
	ResetCount   uint32 `json:"reset_count"`
	RestartCount uint32 `json:"restart_count"`
	// Safe is false when a clock value later than this may have been reported before.
	Safe            bool   `json:"safe"`
	FirmwareVersion uint64 `json:"firmware_version"` // the vendor's number
}

// quoteInfo is a TPMS_QUOTE_INFO (section 10.12.1).
type quoteInfo struct {
	selections []pcrSelection
	digest     []byte
}

type pcrSelection struct {
	hash uint16
	bits []byte
}

const (
	magicGenerated = 0xff544347 // TPM_GENERATED_VALUE
	typeQuote      = 0x8018     // TPM_ST_ATTEST_QUOTE

	maxSelections = 16
	maxSelect     = 32 // bytes; 3 on a PC
	maxField      = 256
)

type attestError struct {
	offset int
	detail string
}

func (e *attestError) Error() string { return fmt.Sprintf("offset %d: %s", e.offset, e.detail) }

// cursor reads big-endian fields; the first that does not fit stays as err.
type cursor struct {
	b   []byte
	at  int
	err error
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = &attestError{offset: c.at, detail: fmt.Sprintf(format, args...)}
	}
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b)-c.at {
		c.fail("%d bytes are needed and %d are left", n, len(c.b)-c.at)
	}
	if c.err != nil {
		return make([]byte, min(n, 8))
	}
	out := c.b[c.at : c.at+n : c.at+n]
	c.at += n
	return out
}

func (c *cursor) u16() uint16 { return binary.BigEndian.Uint16(c.take(2)) }
func (c *cursor) u32() uint32 { return binary.BigEndian.Uint32(c.take(4)) }
func (c *cursor) u64() uint64 { return binary.BigEndian.Uint64(c.take(8)) }

// sized reads a TPM2B.
func (c *cursor) sized() []byte {
	n := int(c.u16())
	if n > maxField {
		c.fail("a field of %d bytes, more than the %d allowed", n, maxField)
	}
	if c.err != nil {
		return nil
	}
	return c.take(n)
}

// parseAttest decodes a structure whole: no byte may be left.
func parseAttest(b []byte) (*attest, error) {
	c := &cursor{b: b}
	a := &attest{magic: c.u32(), kind: c.u16()}
	if c.err != nil || a.magic != magicGenerated {
		return a, c.err // what follows is of no known form
	}
	a.signer, a.extraData = c.sized(), c.sized()
	a.clock = Clock{Milliseconds: c.u64(), ResetCount: c.u32(), RestartCount: c.u32()}
	safe := c.take(1)[0]
	if safe > 1 {
		c.fail("the flag safe is %d", safe)
	}
	a.clock.Safe, a.clock.FirmwareVersion = safe == 1, c.u64()
	if c.err != nil || a.kind != typeQuote {
		return a, c.err
	}
	a.quote = c.quoteInfo()
	if c.err == nil && c.at != len(b) {
		c.fail("%d bytes follow the structure", len(b)-c.at)
	}
	return a, c.err
}

func (c *cursor) quoteInfo() *quoteInfo {
	var q quoteInfo
	count := c.u32()
	if count > maxSelections {
		c.fail("%d PCR selections, more than the %d allowed", count, maxSelections)
	}
	for range count {
		if c.err != nil {
			break
		}
		s := pcrSelection{hash: c.u16()}
		n := int(c.take(1)[0])
		if n > maxSelect {
			c.fail("a PCR selection of %d bytes", n)
			break
		}
		s.bits = c.take(n)
		q.selections = append(q.selections, s)
	}
	q.digest = c.sized()
	return &q
}

// pcrs lists the PCRs that a selection names.
func (s *pcrSelection) pcrs() []int {
	var out []int
	for i, b := range s.bits {
		for bit := range 8 {
			if b>>bit&1 == 1 {
				out = append(out, 8*i+bit)
			}
		}
	}
	return out
}
