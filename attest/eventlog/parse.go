package eventlog

import (
	"bytes"
)

// specID3 is the signature of a crypto-agile log's header (PFP 1.06, section
// 10.4.5.1). The headers of SHA-1 logs are events like any other.
var specID3 = []byte("Spec ID Event03\x00")

// Parse reads a log. It fails, with an [Error], on what no reader could agree
// about; what can be read and contradicts itself is for [Log.Check].
func Parse(b []byte) (*Log, error) {
	if len(b) > MaxBytes {
		return nil, fault(TooLarge, MaxBytes, "%d bytes, more than the %d allowed", len(b), MaxBytes)
	}
	if len(b) == 0 {
		return nil, fault(Empty, 0, "no bytes")
	}
	r := &reader{b: b}
	first, err := sha1Event(r, 0)
	if err != nil {
		return nil, err
	}
	l := &Log{Form: SHA1Only, Algorithms: []Algorithm{SHA1}}
	sizes := map[Algorithm]int{SHA1: 20}
	if first.Type == NoAction && bytes.HasPrefix(first.Data, specID3) {
		l.Form = CryptoAgile
		if l.Algorithms, sizes, err = header(first.Data, r.at-len(first.Data)); err != nil {
			return nil, err
		}
	}
	l.Events = append(l.Events, first)
	for r.at < len(b) {
		if len(l.Events) == MaxEvents {
			return nil, fault(TooManyEvents, r.at, "more than %d events", MaxEvents)
		}
		var e Event
		if l.Form == SHA1Only {
			e, err = sha1Event(r, len(l.Events))
		} else {
			e, err = agileEvent(r, len(l.Events), sizes)
		}
		if err != nil {
			return nil, err
		}
		l.Events = append(l.Events, e)
	}
	return l, nil
}

// sha1Event reads a TCG_PCR_EVENT (PFP 1.06, section 10.2.1).
func sha1Event(r *reader, index int) (Event, error) {
	e := Event{Index: index, Offset: r.at}
	pcr := r.u32()
	e.Type = Type(r.u32())
	sum := r.take(20)
	return finish(r, e, pcr, []Digest{{SHA1, sum}})
}

// agileEvent reads a TCG_PCR_EVENT2 (PFP 1.06, section 10.2.2). Digests are
// taken by the sizes that the header announces: nothing else tells where an
// unknown algorithm's digest ends.
func agileEvent(r *reader, index int, sizes map[Algorithm]int) (Event, error) {
	e := Event{Index: index, Offset: r.at}
	pcr := r.u32()
	e.Type = Type(r.u32())
	at := r.at
	count := r.u32()
	switch {
	case r.short:
		return e, fault(Truncated, e.Offset, "the log ends inside the head of event %d", index)
	case pcr >= PCRs:
		return e, fault(PCRIndex, e.Offset, "event %d is for PCR %d, of %d", index, pcr, PCRs)
	case count == 0 || uint64(count) > uint64(len(sizes)):
		return e, fault(DigestCount, at, "event %d has %d digests where the header announces %d", index, count, len(sizes))
	}
	digests := make([]Digest, 0, count)
	for range count {
		at := r.at
		a := Algorithm(r.u16())
		size, announced := sizes[a]
		switch {
		case r.short:
			return e, fault(Truncated, at, "the log ends inside the digests of event %d", index)
		case !announced:
			return e, fault(UnknownAlgorithm, at, "event %d has a digest by %s, which the header does not announce", index, a)
		}
		for _, d := range digests {
			if d.Algorithm == a {
				return e, fault(DuplicateDigest, at, "event %d has two digests by %s", index, a)
			}
		}
		sum := r.take(size)
		if r.short {
			return e, fault(Truncated, at, "the log ends inside the %s digest of event %d", a, index)
		}
		digests = append(digests, Digest{a, sum})
	}
	return finish(r, e, pcr, digests)
}

// finish reads what both forms end with.
func finish(r *reader, e Event, pcr uint32, digests []Digest) (Event, error) {
	at := r.at
	size := r.u32()
	if r.short {
		return e, fault(Truncated, e.Offset, "the log ends inside the head of event %d", e.Index)
	}
	if pcr >= PCRs {
		return e, fault(PCRIndex, e.Offset, "event %d is for PCR %d, of %d", e.Index, pcr, PCRs)
	}
	e.Data = r.sized(uint64(size))
	if r.short {
		return e, fault(Truncated, at, "event %d claims %d bytes of data, and %d are left", e.Index, size, len(r.b)-r.at)
	}
	e.PCR, e.Digests = int(pcr), digests
	return e, nil
}

// header reads a TCG_EfiSpecIdEvent (PFP 1.06, section 10.4.5.1). An algorithm
// that we do not know is kept, with the size announced for it.
func header(data []byte, base int) ([]Algorithm, map[Algorithm]int, error) {
	r := &reader{b: data, at: len(specID3)}
	r.take(8) // platform class, version, errata, size of UINTN
	count := r.u32()
	if r.short || count == 0 || count > maxAlgorithms {
		return nil, nil, fault(BadHeader, base+min(r.at, len(data)), "the header announces %d algorithms", count)
	}
	algorithms, sizes := make([]Algorithm, 0, count), map[Algorithm]int{}
	for range count {
		at := base + r.at
		a, size := Algorithm(r.u16()), int(r.u16())
		_, twice := sizes[a]
		k, ok := known[a]
		switch {
		case r.short:
			return nil, nil, fault(BadHeader, at, "the header ends inside its list of algorithms")
		case twice:
			return nil, nil, fault(BadHeader, at, "%s is announced twice", a)
		case size == 0 || size > maxDigest || ok && size != k.size:
			return nil, nil, fault(BadHeader, at, "%s is announced with %d bytes", a, size)
		}
		algorithms, sizes[a] = append(algorithms, a), size
	}
	r.take(r.u8()) // vendor's information
	if !r.done() {
		return nil, nil, fault(BadHeader, base+r.at, "the vendor's information does not end where the header does")
	}
	return algorithms, sizes, nil
}
