package tpm_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
)

// FuzzParseEvidence: no file may make the reader or the verifier panic, and what
// is read is written and read again as the same.
func FuzzParseEvidence(f *testing.F) {
	for _, name := range []string{"good", "extended", "sibling"} {
		b, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"schema":"` + tpm.Schema + `"}`))
	_, policy := recorded(f, "good")
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := tpm.ParseEvidence(b)
		if err != nil {
			return
		}
		if _, err := tpm.Verify(e, policy); err != nil {
			t.Fatal(err)
		}
		once, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := tpm.ParseEvidence(once)
		if err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if twice, err := again.Marshal(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written again it differs (%v)", err)
		}
	})
}

// FuzzEnrolment reads anything as each of the documents of an enrolment.
func FuzzEnrolment(f *testing.F) {
	e, _ := recorded(f, "good")
	q, s, err := tpm.Ask(e, rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	for _, write := range []func() ([]byte, error){
		func() ([]byte, error) { return tpm.MarshalDocument(q) }, func() ([]byte, error) { return tpm.MarshalDocument(s) },
		func() ([]byte, error) { return tpm.MarshalDocument(&s.Enrolment) },
		func() ([]byte, error) {
			return tpm.MarshalDocument(&tpm.Answers{Schema: tpm.AnswersSchema, Answers: s.Secrets})
		},
	} {
		b, err := write()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = tpm.ParseQuestions(b)
		if en, err := tpm.ParseEnrolment(b); err == nil && (en.AKName == "" || len(en.EKs) == 0) {
			t.Fatal("an enrolment that names nothing")
		}
		answers, err := tpm.ParseAnswers(b)
		if err != nil {
			return
		}
		if _, err := tpm.Enrol(s, answers); err == nil && !bytes.Equal(answers.Answers[0], s.Secrets[0]) {
			t.Fatal("a wrong answer was taken")
		}
	})
}
