package spdm

import (
	"crypto"
	"encoding/binary"
)

// Codes of messages (DSP0274, "SPDM request codes" and "SPDM response codes").
const (
	getVersion          = 0x84
	versionResponse     = 0x04
	getCapabilities     = 0xE1
	capabilities        = 0x61
	negotiateAlgorithms = 0xE3
	algorithms          = 0x63
	getMeasurements     = 0xE0
	measurements        = 0x60
)

// Versions of SPDM, as their first byte says them.
const (
	V11 = 0x11
	V12 = 0x12
	V13 = 0x13
	V14 = 0x14
)

// NonceSize is the size of both nonces, bytes.
const NonceSize = 32

// MaxTranscript caps a transcript: 255 blocks of up to 65,535 bytes are what the
// format allows, and the largest that was seen has 5,200 bytes.
const MaxTranscript = 1 << 20

// messages are the parts of a transcript.
type messages struct {
	version byte
	// suite is what was negotiated; nil where the transcript does not say, as before
	// SPDM 1.2, where the key of the leaf says it.
	suite *suite
	// hint is the hash that goes with the key where there is no suite, 0 for the usual.
	hint crypto.Hash
	// signed are the messages that the signature covers, without it.
	signed         []byte
	request        []byte
	nonce          []byte
	blocks         []Block
	responderNonce []byte
	opaque         []byte
	opaqueAt       int
	signature      []byte
}

// parse reads a transcript. What follows the opaque data is the signature: its length
// has to be that of the algorithm, which is checked where it is known.
func parse(b []byte) (*messages, error) {
	r := &reader{b: b}
	if len(b) > MaxTranscript {
		return nil, r.fault(MaxTranscript, "too-large", "larger than %d bytes", MaxTranscript)
	}
	m := &messages{}
	if err := m.negotiation(r); err != nil {
		return nil, err
	}
	begin := r.at
	if err := m.measurementsRequest(r); err != nil {
		return nil, err
	}
	if err := m.measurementsResponse(r); err != nil {
		return nil, err
	}
	m.signed = b[:r.at:r.at]
	if m.version < V12 {
		m.signed = b[begin:r.at:r.at] // L1/L2 holds the negotiation from SPDM 1.2 on
	}
	m.signature = b[r.at:]
	return m, nil
}

// negotiation reads what agreed on version and algorithms before measurements were
// asked for (VCA). Its own version is checked against that of the measurements.
func (m *messages) negotiation(r *reader) error {
	if len(r.b) < 2 || r.b[1] != getVersion {
		return nil
	}
	if _, err := r.message(getVersion, 4, "GET_VERSION"); err != nil {
		return err
	}
	head, err := r.message(versionResponse, 6, "VERSION")
	if err != nil {
		return err
	}
	if _, err := r.take(2*int(head[5]), "the versions of VERSION"); err != nil {
		return err
	}
	for _, step := range []struct {
		code byte
		name string
	}{{getCapabilities, "GET_CAPABILITIES"}, {capabilities, "CAPABILITIES"}} {
		at := r.at
		head, err := r.message(step.code, 4, step.name)
		if err != nil {
			return err
		}
		if head[2] != 0 && head[0] >= V13 {
			return r.fault(at+2, "unsupported", "%s with a block of algorithms is not supported", step.name)
		}
		if _, err := r.take(capabilitySize(head[0], step.code)-4, step.name); err != nil {
			return err
		}
	}
	if _, _, err := r.sized(negotiateAlgorithms, "NEGOTIATE_ALGORITHMS"); err != nil {
		return err
	}
	at := r.at
	body, version, err := r.sized(algorithms, "ALGORITHMS")
	if err != nil {
		return err
	}
	if len(body) < 36 {
		return r.fault(at+4, "truncated", "ALGORITHMS has %d bytes, it takes 36", len(body))
	}
	m.version = version
	m.suite = &suite{asymmetric: binary.LittleEndian.Uint32(body[12:]), hash: binary.LittleEndian.Uint32(body[16:])}
	return nil
}

// capabilitySize is the size of a message about capabilities (DSP0274, tables of
// GET_CAPABILITIES and CAPABILITIES): 1.2 added two sizes of transfers, and the
// request of 1.0 had a header alone.
func capabilitySize(version, code byte) int {
	switch {
	case version >= V12:
		return 20
	case code == getCapabilities && version < V11:
		return 4
	}
	return 12
}

// message takes the head of a message of a code.
func (r *reader) message(code byte, size int, name string) ([]byte, error) {
	at := r.at
	head, err := r.take(size, name)
	if err != nil {
		return nil, err
	}
	if head[1] != code {
		return nil, r.fault(at+1, "unexpected-message", "the code is 0x%02x, that of %s is 0x%02x", head[1], name, code)
	}
	return head, nil
}

// sized takes a message that states its own length in bytes 4 and 5.
func (r *reader) sized(code byte, name string) (body []byte, version byte, err error) {
	at := r.at
	head, err := r.message(code, 6, name)
	if err != nil {
		return nil, 0, err
	}
	length := u16(head[4:])
	if length < 6 {
		return nil, 0, r.fault(at+4, "truncated", "%s states %d bytes, its head has 6", name, length)
	}
	if _, err := r.take(length-6, name); err != nil {
		return nil, 0, err
	}
	return r.b[at:r.at:r.at], head[0], nil
}

// measurementsRequest reads GET_MEASUREMENTS.
func (m *messages) measurementsRequest(r *reader) error {
	at := r.at
	head, err := r.message(getMeasurements, 4, "GET_MEASUREMENTS")
	if err != nil {
		return err
	}
	negotiated := m.version
	switch m.version = head[0]; {
	case m.version < V11 || m.version > V14:
		return r.fault(at, "unsupported", "SPDM version %d.%d is not supported", m.version>>4, m.version&0xf)
	case m.suite != nil && m.version != negotiated:
		return r.fault(at, "version-mismatch", "measurements in version 0x%02x, negotiated was 0x%02x", m.version, negotiated)
	case m.suite == nil && m.version >= V12:
		return r.fault(at, "no-negotiation", "SPDM %d.%d signs the messages that agreed on version and algorithms, and they are not in the transcript", m.version>>4, m.version&0xf)
	case head[2]&1 == 0:
		return r.fault(at+2, "not-signed", "no signature was asked for")
	}
	if m.nonce, err = r.take(NonceSize, "the requester's nonce"); err != nil {
		return err
	}
	rest := 1 // the slot of the certificate chain
	if m.version >= V13 {
		rest += 8 // the requester's context
	}
	if _, err = r.take(rest, "the slot"); err != nil {
		return err
	}
	m.request = r.b[at:r.at:r.at]
	return nil
}

// measurementsResponse reads MEASUREMENTS but its signature.
func (m *messages) measurementsResponse(r *reader) error {
	at := r.at
	head, err := r.message(measurements, 8, "MEASUREMENTS")
	if err != nil {
		return err
	}
	if head[0] != m.version {
		return r.fault(at, "version-mismatch", "the answer has version 0x%02x, the request 0x%02x", head[0], m.version)
	}
	record := r.at
	body, err := r.take(u24(head[5:]), "the measurement record")
	if err != nil {
		return err
	}
	if m.blocks, err = parseBlocks(body, record, int(head[4])); err != nil {
		return err
	}
	if m.responderNonce, err = r.take(NonceSize, "the responder's nonce"); err != nil {
		return err
	}
	size, err := r.take(2, "the length of the opaque data")
	if err != nil {
		return err
	}
	m.opaqueAt = r.at
	if m.opaque, err = r.take(u16(size), "the opaque data"); err != nil {
		return err
	}
	if m.version >= V13 {
		if context, err := r.take(8, "the requester's context"); err != nil {
			return err
		} else if string(context) != string(m.request[len(m.request)-8:]) {
			return r.fault(r.at-8, "context-mismatch", "the answer repeats another context than the request has")
		}
	}
	return nil
}
