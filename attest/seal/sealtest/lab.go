// Package sealtest is a certificate authority, a transparency log and a
// timestamping authority for tests: sigstore-go's virtual sigstore, with what it
// says as bundles and as a trusted root.
package sealtest

import (
	"encoding/hex"
	"encoding/pem"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"google.golang.org/protobuf/encoding/protojson"
)

// Lab is the authorities of one test. They are valid around the present time.
type Lab struct {
	virtual *ca.VirtualSigstore
	log     *rekor1
	fulcio  *authority
	tsa     *tsa
}

// New makes authorities with fresh keys.
func New() (*Lab, error) {
	v, err := ca.NewVirtualSigstore()
	if err != nil {
		return nil, err
	}
	log, err := newRekor1()
	if err != nil {
		return nil, err
	}
	fulcio, err := newAuthority("lab Fulcio")
	if err != nil {
		return nil, err
	}
	tsa, err := newTSA()
	if err != nil {
		return nil, err
	}
	return &Lab{v, log, fulcio, tsa}, nil
}

// Parts of a trusted root.
type Parts struct{ Certificates, Transparency, Timestamps, Log bool }

// Root is the trusted root (JSON) that names some of the lab's authorities.
// Transparency names a certificate transparency log in which nothing is.
func (l *Lab) Root(p Parts) ([]byte, error) {
	var cas []root.CertificateAuthority
	var tsas []root.TimestampingAuthority
	var logs, cts map[string]*root.TransparencyLog
	var err error
	if p.Certificates {
		cas = append(l.virtual.FulcioCertificateAuthorities(), &root.FulcioCertificateAuthority{Root: l.fulcio.ca, URI: "https://fulcio.lab",
			ValidityPeriodStart: l.fulcio.ca.NotBefore, ValidityPeriodEnd: l.fulcio.ca.NotAfter})
	}
	if p.Timestamps {
		tsas = append(l.virtual.TimestampingAuthorities(), l.tsa.trusted())
	}
	if p.Log {
		if logs, err = rawIDs(l.virtual.RekorLogs()); err == nil {
			logs[hex.EncodeToString(l.log.id)] = l.log.trusted()
		}
	}
	if p.Transparency && err == nil {
		cts, err = rawIDs(l.virtual.CTLogs())
	}
	if err != nil {
		return nil, err
	}
	tr, err := root.NewTrustedRoot(root.TrustedRootMediaType01, cas, cts, tsas, logs)
	if err != nil {
		return nil, err
	}
	return tr.MarshalJSON()
}

// rawIDs spells the ids of logs as a trusted root does.
func rawIDs(logs map[string]*root.TransparencyLog) (map[string]*root.TransparencyLog, error) {
	for id, log := range logs {
		raw, err := hex.DecodeString(id)
		if err != nil {
			return nil, err
		}
		log.ID = raw
	}
	return logs, nil
}

// Kind is how the log answers.
type Kind int

const (
	// Rekor1 promises inclusion, with a time, and proves it.
	Rekor1 Kind = iota
	// Rekor2 proves inclusion and signs no time.
	Rekor2
)

// Signature is what a keyless bundle is made of.
type Signature struct {
	Subject, Issuer string
	Statement       []byte
	Log             Kind
	// At is when the log saw it, for Rekor1.
	At time.Time
	// NoLog and NoTimestamp leave a witness out.
	NoLog, NoTimestamp bool
}

// Keyless signs a statement as somebody whom an issuer vouches for.
func (l *Lab) Keyless(s Signature) ([]byte, error) {
	entity, err := l.virtual.AttestHashedRekordV2(s.Subject, s.Issuer, s.Statement)
	if err != nil {
		return nil, err
	}
	content, err := entity.SignatureContent()
	if err != nil {
		return nil, err
	}
	verification, err := entity.VerificationContent()
	if err != nil {
		return nil, err
	}
	material := &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_Certificate{
		Certificate: &protocommon.X509Certificate{RawBytes: verification.Certificate().Raw}}}
	if s.Log == Rekor2 && !s.NoLog {
		entries, err := entity.TlogEntries()
		if err != nil {
			return nil, err
		}
		entry := entries[0].TransparencyLogEntry()
		entry.IntegratedTime = 0
		material.TlogEntries = append(material.TlogEntries, entry)
	}
	text, err := protojson.Marshal(&protobundle.Bundle{
		MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: s.Statement, PayloadType: "application/vnd.in-toto+json",
			Signatures: []*protodsse.Signature{{Sig: content.Signature()}}}},
	})
	if err == nil && !s.NoTimestamp {
		text, err = l.Stamped(text)
	}
	if err == nil && !s.NoLog && s.Log == Rekor1 {
		text, err = l.Logged(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: verification.Certificate().Raw}), s.At)
	}
	return text, err
}

// Stamp is a response of the timestamping authority about some bytes, now.
func (l *Lab) Stamp(message []byte) ([]byte, error) { return l.virtual.TimestampResponse(message) }
