// Package eventlogtest writes boot event logs for tests. Unlike a recorded log,
// one that is written can be wrong in exactly one place.
package eventlogtest

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
)

// Log is a log to write.
type Log struct {
	Banks  []eventlog.Algorithm
	Events []Event
}

// Event is an entry to write. Without Digests, Measured is hashed for every
// bank; without Measured, Data is.
type Event struct {
	PCR            int
	Type           eventlog.Type
	Data, Measured []byte
	Digests        []eventlog.Digest
}

// Driver is an event that measures an option ROM's driver: digest as given for
// SHA-256, device path from the root bridge along (device, function) pairs.
func Driver(sha256 []byte, root uint32, start, end uint64, nodes ...[2]byte) Event {
	path := binary.LittleEndian.AppendUint32([]byte{2, 1, 12, 0, 0xd0, 0x41, 0x03, 0x0a}, root)
	for _, n := range nodes {
		path = append(path, 1, 1, 6, 0, n[1], n[0])
	}
	path = append(path, 4, 8, 24, 0, 0, 0, 0, 0)
	path = binary.LittleEndian.AppendUint64(path, start)
	path = binary.LittleEndian.AppendUint64(path, end)
	path = append(path, 0x7f, 0xff, 4, 0)
	return Event{PCR: 2, Type: eventlog.EFIBootDriver, Data: ImageData(path), Digests: []eventlog.Digest{{Algorithm: eventlog.SHA256, Sum: sha256}}}
}

// ImageData is a UEFI_IMAGE_LOAD_EVENT.
func ImageData(path []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, 0x1db9a018)
	b = binary.LittleEndian.AppendUint64(b, 173512)
	b = binary.LittleEndian.AppendUint64(b, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(path)))
	return append(b, path...)
}

// Variable is an event that measures a variable of the global or, for db and
// dbx, the security database's GUID.
func Variable(name string, data []byte) Event {
	guid := []byte{0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c}
	if name == "db" || name == "dbx" {
		guid = []byte{0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f}
	}
	units := utf16.Encode([]rune(name))
	b := binary.LittleEndian.AppendUint64(guid, uint64(len(units)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return Event{PCR: 7, Type: eventlog.EFIVariableConfig, Data: append(b, data...)}
}

// Signatures is a signature list whose entries have the same length and an owner
// of zeros: the content of db or dbx.
func Signatures(entries ...[]byte) []byte {
	each := 16 + len(entries[0])
	b := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(28+each*len(entries)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(each))
	for _, e := range entries {
		b = append(append(b, make([]byte, 16)...), e...)
	}
	return b
}

// Boot is a log like that of a machine with Secure Boot off: drivers in PCR 2,
// a separator in each of PCR 0 to 7.
func Boot(drivers ...Event) *Log {
	l := &Log{Banks: []eventlog.Algorithm{eventlog.SHA256}, Events: []Event{
		{PCR: 0, Type: eventlog.CRTMVersion, Data: []byte{0, 0}},
		{PCR: 0, Type: eventlog.EFIFirmwareBlob, Data: make([]byte, 16), Measured: []byte("firmware volume")},
		Variable("SecureBoot", []byte{0}), Variable("PK", nil), Variable("KEK", nil), Variable("db", nil), Variable("dbx", nil),
		{PCR: 7, Type: eventlog.Separator, Data: make([]byte, 4)},
	}}
	l.Events = append(l.Events, drivers...)
	l.Events = append(l.Events, Event{PCR: 4, Type: eventlog.EFIAction, Data: []byte("Calling EFI Application from Boot Option")})
	for pcr := range 7 {
		l.Events = append(l.Events, Event{PCR: pcr, Type: eventlog.Separator, Data: make([]byte, 4)})
	}
	l.Events = append(l.Events, Event{PCR: 5, Type: eventlog.EFIAction, Data: []byte("Exit Boot Services Invocation")})
	return l
}

// Bytes writes the log in the crypto-agile form.
func (l *Log) Bytes() []byte {
	head := append([]byte("Spec ID Event03\x00"), 0, 0, 0, 0, 0, 2, 0, 2)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(l.Banks)))
	for _, a := range l.Banks {
		head = binary.LittleEndian.AppendUint16(head, uint16(a))
		head = binary.LittleEndian.AppendUint16(head, uint16(len(sum(a, nil))))
	}
	b := sha1Event(Event{Type: eventlog.NoAction, Data: append(head, 0)}, make([]byte, 20))
	for _, e := range l.Events {
		b = binary.LittleEndian.AppendUint32(b, uint32(e.PCR))
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Type))
		digests := l.digests(e)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(digests)))
		for _, d := range digests {
			b = binary.LittleEndian.AppendUint16(b, uint16(d.Algorithm))
			b = append(b, d.Sum...)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(e.Data)))
		b = append(b, e.Data...)
	}
	return b
}

// SHA1Bytes writes the log in the SHA-1 form.
func (l *Log) SHA1Bytes() []byte {
	b := sha1Event(Event{Type: eventlog.NoAction, Data: []byte("Spec ID Event02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")}, make([]byte, 20))
	for _, e := range l.Events {
		b = append(b, sha1Event(e, sum(eventlog.SHA1, measured(e)))...)
	}
	return b
}

func sha1Event(e Event, digest []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(e.PCR))
	b = binary.LittleEndian.AppendUint32(b, uint32(e.Type))
	b = append(b, digest...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(e.Data)))
	return append(b, e.Data...)
}

func (l *Log) digests(e Event) []eventlog.Digest {
	var out []eventlog.Digest
	for _, a := range l.Banks {
		d := eventlog.Digest{Algorithm: a, Sum: sum(a, measured(e))}
		for _, given := range e.Digests {
			if given.Algorithm == a {
				d = given
			}
		}
		if e.Type == eventlog.NoAction {
			clear(d.Sum)
		}
		out = append(out, d)
	}
	return out
}

func measured(e Event) []byte {
	if e.Measured != nil {
		return e.Measured
	}
	return e.Data
}

func sum(a eventlog.Algorithm, b []byte) []byte {
	h, ok := a.Hash()
	if !ok {
		panic(fmt.Sprintf("eventlogtest: no hash for %v", a))
	}
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}
