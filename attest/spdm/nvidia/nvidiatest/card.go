// Package nvidiatest is a GPU of a test's own maker, with the manifests of its driver and
// its VBIOS: what no public sample gives, a card of which all is known and good.
package nvidiatest

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"

	"github.com/gpuaudit/gpuaudit/attest/rim/rimtest"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
)

// What a card states, and the names of its manifests' files.
const (
	Driver     = "590.12"
	VBIOS      = "96.00.A5.00.01"
	DriverFile = "NV_GPU_DRIVER_GH100_590.12.xml"
	VBIOSFile  = "g520_0200_885_9600A50001_PROD.swidtag"
	ChipID     = "2921CE551E4EEDA3"
)

// Card is a Hopper GPU, and who made it.
type Card struct {
	Signed *spdmtest.Signed
	Maker  *rimtest.Signer
	// Values are the measurements, numbered as manifests do, and Opaque what the maker adds.
	Values [64][]byte
	Opaque []byte
	// Driver and VBIOS are what its manifests state: of the driver 7 and 52, of the VBIOS
	// 9, with alternatives, and 35.
	Driver, VBIOS rimtest.Document
}

var firmware = bytes.Repeat([]byte{0xF1}, 48)

// Value is the measurement of an index.
func Value(index int) []byte { return bytes.Repeat([]byte{byte(index)}, 48) }

// NewSwitch makes an NVSwitch with a chip id of 16 hexadecimal digits.
func NewSwitch(chip string) (*Card, error) {
	own, err := hex.DecodeString(chip)
	if err != nil {
		return nil, err
	}
	c := &Card{}
	if c.Signed, err = spdmtest.NewChain(spdmtest.Subject{Name: "LS_10 A01 FSP FMC LF"}, spdmtest.Subject{Name: "LS_10 A01 FSP BROM", Serial: "50" + chip},
		spdmtest.Subject{Name: "identity"}, spdmtest.Subject{Name: "root"}); err != nil {
		return nil, err
	}
	c.Opaque = append(record(6, "96.10.55.00.01\x00"), record(22, string(own))...)
	for i := range 31 {
		c.Values[i] = Value(i)
	}
	return c, nil
}

func record(kind uint16, value string) []byte {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// New makes a card with a chip id of 16 hexadecimal digits.
func New(chip string) (*Card, error) {
	type id struct {
		Alg    asn1.ObjectIdentifier
		Digest []byte
	}
	tcb, err := asn1.Marshal(struct {
		FWIDs []id `asn1:"tag:6"`
	}{[]id{{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, firmware}}})
	if err != nil {
		return nil, err
	}
	c := &Card{}
	if c.Signed, err = spdmtest.NewChain(
		spdmtest.Subject{Name: "GH100 A01 GSP FMC LF", Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 23, 133, 5, 4, 1, 1}, Value: tcb}}},
		spdmtest.Subject{Name: "GH100 A01 GSP BROM", Serial: "41" + chip}, spdmtest.Subject{Name: "identity"}, spdmtest.Subject{Name: "root"}); err != nil {
		return nil, err
	}
	if c.Maker, err = rimtest.NewSigner("GH100"); err != nil {
		return nil, err
	}
	for i := range c.Values {
		c.Values[i] = Value(i)
	}
	c.Signs(Driver, [5]byte{0x96, 0x00, 0xa5, 0x00, 0x01})
	entry := func(i int, values ...[]byte) rimtest.Resource {
		r := rimtest.Resource{Index: i}
		for _, v := range values {
			r.Values = append(r.Values, hex.EncodeToString(v))
		}
		return r
	}
	c.Driver = rimtest.Document{Version: Driver, Edition: "GPU", Product: "GH100", Resources: []rimtest.Resource{entry(7, Value(7)), entry(52, Value(52))}}
	c.VBIOS = rimtest.Document{Version: VBIOS, Edition: "GPU", Product: "GH100", Resources: []rimtest.Resource{entry(9, Value(1), Value(2), Value(9)), entry(35, Value(35))}}
	return c, nil
}

// Signs makes the card sign other versions of driver and VBIOS beside its measurements.
func (c *Card) Signs(driver string, vbios [5]byte) {
	c.Opaque = nil
	for _, r := range []struct {
		kind  uint16
		value string
	}{{3, driver + "\x00"}, {6, string([]byte{vbios[3], vbios[2], vbios[1], vbios[0], vbios[4], 0, 0, 0})}, {11, "\xAA"}, {15, "885\x00"}, {17, "G520\x00"}, {18, "0200\x00"}, {20, string(firmware)}} {
		c.Opaque = append(c.Opaque, record(r.kind, r.value)...)
	}
}

// Report is the signed answer to a nonce of 32 bytes.
func (c *Card) Report(nonce []byte) ([]byte, error) {
	a := &spdmtest.Answer{Version: 0x11, Opaque: c.Opaque, ResponderNonce: [32]byte{0xEE}}
	copy(a.Nonce[:], nonce)
	for i, v := range c.Values {
		if v != nil {
			a.Record = append(a.Record, spdmtest.Block(byte(i+1), 1, v)...)
			a.Blocks++
		}
	}
	return c.Signed.Sign(a.Messages(), a.Version)
}

// Chain is the certificates of the card in PEM, leaf first.
func (c *Card) Chain() []byte { return nvidia.PEM(c.Signed.Chain) }

// Array is evidence of cards for a nonce, as NVIDIA's verifiers write it.
func Array(nonce []byte, cards ...*Card) ([]byte, error) {
	var list []map[string]any
	for _, c := range cards {
		report, err := c.Report(nonce)
		if err != nil {
			return nil, err
		}
		list = append(list, map[string]any{"arch": "HOPPER", "nonce": hex.EncodeToString(nonce), "evidence": report, "certificate": c.Chain()})
	}
	return json.Marshal(list)
}

// Manifest signs a manifest of the card's maker.
func (c *Card) Manifest(d rimtest.Document) ([]byte, error) {
	text, err := c.Maker.Sign(d.Body(), rimtest.Form{})
	return []byte(text), err
}
