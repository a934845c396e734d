package tpm_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
)

// TestChallenges lets software TPMs answer challenges, right and wrong ones, for
// an RSA and for an ECC endorsement key.
func TestChallenges(t *testing.T) {
	dev, chain := softwareTPM(t)
	putIssuers(t, dev, chain[1].Raw, chain[0].Raw)
	e := gathered(t, dev)
	if len(e.Certificates) != 2 || !bytes.Equal(e.Certificates[0], chain[1].Raw) || !bytes.Equal(e.Certificates[1], chain[0].Raw) {
		t.Errorf("%d issuers' certificates were read from the TPM, 2 are in it", len(e.Certificates))
	}
	other, _ := softwareTPM(t)
	sibling := gathered(t, other)
	for _, ek := range e.EKs {
		one := *e
		one.EKs = []tpm.EK{ek}
		t.Run(ek.Kind, func(t *testing.T) { challenge(t, dev, other, &one, sibling) })
	}
}

func gathered(t *testing.T, dev transport.TPM) *tpm.Evidence {
	t.Helper()
	e, err := tpm.Collect(dev, tpm.Request{Nonce: nonce})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func challenge(t *testing.T, dev, other transport.TPM, e, sibling *tpm.Evidence) {
	ask := func(e *tpm.Evidence) (*tpm.Questions, *tpm.Secrets) {
		q, s, err := tpm.Ask(e, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return q, s
	}
	q, s := ask(e)
	a, err := tpm.Answer(dev, q)
	if err != nil {
		t.Fatal(err)
	}
	en, err := tpm.Enrol(s, a)
	if err != nil || en.AKName != e.AK.Name || len(en.EKs) != 1 {
		t.Fatalf("%+v, %v", en, err)
	}
	unanswered := map[string]func(q *tpm.Questions){
		"bit of the credential": func(q *tpm.Questions) { q.Challenges[0].Blob[len(q.Challenges[0].Blob)-1] ^= 1 },
		"bit of its integrity":  func(q *tpm.Questions) { q.Challenges[0].Blob[5] ^= 1 },
		"bit of the seed":       func(q *tpm.Questions) { q.Challenges[0].Secret[9] ^= 1 },
		"credential cut":        func(q *tpm.Questions) { q.Challenges[0].Blob = q.Challenges[0].Blob[:20] },
		"no credential":         func(q *tpm.Questions) { q.Challenges[0].Blob = nil },
		"kind of key unknown":   func(q *tpm.Questions) { q.Challenges[0].EK = "sm2" },
		"RSA and ECC mixed up": func(q *tpm.Questions) {
			q.Challenges[0].EK = map[string]string{"rsa-2048": "ecc-p384", "ecc-p384": "rsa-2048"}[e.EKs[0].Kind]
		},
		"seed too large": func(q *tpm.Questions) { q.Challenges[0].Secret = make([]byte, 1<<13) },
	}
	for name, change := range unanswered {
		q, _ := ask(e)
		change(q)
		if a, err := tpm.Answer(dev, q); err == nil {
			t.Errorf("%s: answered with %x", name, a.Answers)
		}
	}
	if _, err := tpm.Answer(other, q); err == nil {
		t.Error("another TPM answered")
	}
	stranger := *e
	stranger.AK = sibling.AK
	if q, _ := ask(&stranger); true {
		if _, err := tpm.Answer(dev, q); err == nil {
			t.Error("a challenge for an attestation key of another TPM was answered")
		}
	}
	_, later := ask(e)
	flipped := slices.Clone(a.Answers[0])
	flipped[31] ^= 1
	for name, tt := range map[string]struct {
		s *tpm.Secrets
		a *tpm.Answers
	}{
		"replayed":              {later, a},
		"one bit":               {s, &tpm.Answers{Answers: [][]byte{flipped}}},
		"none":                  {s, &tpm.Answers{}},
		"one too many":          {s, &tpm.Answers{Answers: [][]byte{a.Answers[0], a.Answers[0]}}},
		"empty":                 {s, &tpm.Answers{Answers: [][]byte{nil}}},
		"nothing was asked":     {&tpm.Secrets{}, &tpm.Answers{}},
		"secret without its EK": {&tpm.Secrets{Secrets: s.Secrets}, a},
	} {
		if en, err := tpm.Enrol(tt.s, tt.a); !errors.Is(err, tpm.ErrAnswer) {
			t.Errorf("%s: %+v, %v", name, en, err)
		}
	}
	if _, err := tpm.Enrol(&tpm.Secrets{Secrets: [][]byte{nil}, Enrolment: *en}, &tpm.Answers{Answers: [][]byte{nil}}); err == nil {
		t.Error("no secret was answered with nothing")
	}
	sure := tpm.Policy{Nonce: nonce, Now: now, Enrolled: en}
	mixed := *e
	mixed.EKs = sibling.EKs
	refused(t, &mixed, sure, tpm.CheckBinding, "ek-of-another-tpm")
	if c := verified(t, e, sure).Check(tpm.CheckBinding); c.Status != tpm.Pass {
		t.Errorf("enrolled, and %+v", c)
	}
}

func TestAskRefuses(t *testing.T) {
	forged, _ := newForger(t).evidence(t)
	for name, change := range map[string]func(e *tpm.Evidence){
		"no endorsement key": func(e *tpm.Evidence) { e.EKs = nil },
		"unknown kind":       func(e *tpm.Evidence) { e.EKs[0].Kind = "sm2" },
		"kinds mixed up":     func(e *tpm.Evidence) { e.EKs[0].Kind = e.EKs[1].Kind },
		"key cut":            func(e *tpm.Evidence) { e.EKs[0].Public = e.EKs[0].Public[:9] },
		"AK's name":          func(e *tpm.Evidence) { e.AK.Name = "00" },
		"AK of anybody":      func(e *tpm.Evidence) { e.AK.Public = forged.EKs[0].Public },
		"AK not restricted": func(e *tpm.Evidence) {
			f := newForger(t)
			f.attributes.Restricted = false
			g, _ := f.evidence(t)
			e.AK = g.AK
		},
	} {
		e, _ := recorded(t, "good")
		change(e)
		if q, _, err := tpm.Ask(e, rand.Reader); err == nil {
			t.Errorf("%s: asked %+v", name, q)
		}
	}
	e, _ := recorded(t, "good")
	if _, _, err := tpm.Ask(e, io.LimitReader(rand.Reader, 5)); err == nil {
		t.Error("asked without randomness")
	}
}

func TestEnrolmentDocuments(t *testing.T) {
	e, _ := recorded(t, "good")
	q, s, err := tpm.Ask(e, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	asked, kept := text(tpm.MarshalDocument(q)), text(tpm.MarshalDocument(s))
	en := text(tpm.MarshalDocument(&s.Enrolment))
	answers := text(tpm.MarshalDocument(&tpm.Answers{Schema: tpm.AnswersSchema, Answers: s.Secrets}))
	if bytes.Contains(asked, []byte(`"secrets"`)) {
		t.Error("the challenge holds the secrets")
	}
	back, err := tpm.ParseSecrets(kept)
	if err != nil {
		t.Fatal(err)
	}
	a, err := tpm.ParseAnswers(answers)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tpm.Enrol(back, a); err != nil || got.AKName != e.AK.Name {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := tpm.ParseQuestions(asked); err != nil {
		t.Error(err)
	}
	if _, err := tpm.ParseEnrolment(en); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"secrets as challenge":       second(tpm.ParseQuestions(kept)),
		"challenge as secrets":       second(tpm.ParseSecrets(asked)),
		"challenge as answers":       second(tpm.ParseAnswers(asked)),
		"answers as enrolment":       second(tpm.ParseEnrolment(answers)),
		"no challenges":              second(tpm.ParseQuestions([]byte(`{"schema":"` + tpm.QuestionsSchema + `","ak_name":"","challenges":[]}`))),
		"enrolment without a key":    second(tpm.ParseEnrolment([]byte(`{"schema":"` + tpm.EnrolmentSchema + `","ak_name":"","endorsement_keys":["00"]}`))),
		"enrolment for any TPM":      second(tpm.ParseEnrolment([]byte(`{"schema":"` + tpm.EnrolmentSchema + `","ak_name":"00"}`))),
		"enrolment in two minds":     second(tpm.ParseEnrolment(bytes.Replace(en, []byte(`"ak_name"`), []byte(`"ak_name": "00", "ak_name"`), 1))),
		"enrolment with a tail":      second(tpm.ParseEnrolment(append(en, '{'))),
		"enrolment's name is no hex": second(tpm.ParseEnrolment([]byte(`{"schema":"` + tpm.EnrolmentSchema + `","ak_name":"zz","endorsement_keys":["00"]}`))),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// putIssuers stores certificates where a TPM keeps those of its issuers, cut in
// the middle of the second.
func putIssuers(t *testing.T, dev transport.TPM, certificates ...[]byte) {
	t.Helper()
	all := bytes.Join(certificates, nil)
	cut := len(certificates[0]) + 100
	for i, part := range [][]byte{all[:cut], all[cut:]} {
		owner := tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: tpm2.PasswordAuth(nil)}
		public := tpm2.TPMSNVPublic{
			NVIndex: tpm2.TPMHandle(0x01c00100 + i), NameAlg: tpm2.TPMAlgSHA256, DataSize: uint16(len(part)),
			Attributes: tpm2.TPMANV{OwnerWrite: true, OwnerRead: true, AuthRead: true, AuthWrite: true, NoDA: true},
		}
		if _, err := (tpm2.NVDefineSpace{AuthHandle: owner, PublicInfo: tpm2.New2B(public)}).Execute(dev); err != nil {
			t.Fatal(err)
		}
		read, err := tpm2.NVReadPublic{NVIndex: public.NVIndex}.Execute(dev)
		if err != nil {
			t.Fatal(err)
		}
		index := tpm2.NamedHandle{Handle: public.NVIndex, Name: read.NVName}
		for at := 0; at < len(part); at += 512 {
			piece := part[at:min(at+512, len(part))]
			write := tpm2.NVWrite{
				AuthHandle: tpm2.AuthHandle{Handle: index.Handle, Name: index.Name, Auth: tpm2.PasswordAuth(nil)},
				NVIndex:    index, Data: tpm2.TPM2BMaxNVBuffer{Buffer: piece}, Offset: uint16(at),
			}
			if _, err := write.Execute(dev); err != nil {
				t.Fatal(err)
			}
			index.Name = nameNow(t, dev, index.Handle) // it changes with the first write
		}
	}
}

func nameNow(t *testing.T, dev transport.TPM, h tpm2.TPMHandle) tpm2.TPM2BName {
	t.Helper()
	read, err := tpm2.NVReadPublic{NVIndex: h}.Execute(dev)
	if err != nil {
		t.Fatal(err)
	}
	return read.NVName
}
