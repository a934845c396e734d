package tpm

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// An attestation key is enrolled once for a machine: the verifier makes a
// [Questions], keeps the [Secrets], the machine's TPM gives [Answers], and what
// comes of it is an [Enrolment] for the policy of every later verification.

// Schemas of the four documents.
const (
	QuestionsSchema = "gpuaudit.tpm-challenge/v1"
	SecretsSchema   = "gpuaudit.tpm-challenge-secret/v1"
	AnswersSchema   = "gpuaudit.tpm-answer/v1"
	EnrolmentSchema = "gpuaudit.tpm-enrolment/v1"
)

// documentLimit bounds each of the documents.
const documentLimit = 256 << 10

// Questions are the challenges for one attestation key: one for each endorsement
// key of the machine.
type Questions struct {
	Schema     string      `json:"schema"`
	AKName     string      `json:"ak_name"` // hexadecimal
	Challenges []Challenge `json:"challenges"`
}

// Secrets is what the verifier keeps. Whoever reads it can answer without a TPM.
type Secrets struct {
	Schema    string    `json:"schema"`
	Enrolment Enrolment `json:"enrolment"` // what a right answer proves
	Secrets   [][]byte  `json:"secrets"`   // in the order of the challenges
}

// Answers are the secrets as a TPM read them.
type Answers struct {
	Schema  string   `json:"schema"`
	Answers [][]byte `json:"answers"`
}

// Enrolment says that an attestation key is in the TPM of these endorsement keys.
type Enrolment struct {
	Schema string `json:"schema"`
	AKName string `json:"ak_name"`
	// EKs are the SHA-256 of the endorsement keys' public areas (TPMT_PUBLIC),
	// hexadecimal. Nil: whoever states the name answers for any.
	EKs []string `json:"endorsement_keys,omitempty"`
}

// ErrAnswer says that an answer does not prove what was asked.
var ErrAnswer = errors.New("the answer is not of the TPM that was asked")

// covers says that all of these endorsement keys were enrolled.
func (e *Enrolment) covers(eks []EK) bool {
	return e.EKs == nil || !slices.ContainsFunc(eks, func(ek EK) bool { return !slices.Contains(e.EKs, ekDigest(ek)) })
}

func ekDigest(ek EK) string {
	sum := sha256.Sum256(ek.Public)
	return hex.EncodeToString(sum[:])
}

// Ask makes challenges for all endorsement keys of the evidence, so that none of
// them can be of another TPM. The caller has verified the evidence.
func Ask(e *Evidence, random io.Reader) (*Questions, *Secrets, error) {
	name, err := NameOf(e.AK)
	if err != nil {
		return nil, nil, err
	}
	if len(e.EKs) == 0 {
		return nil, nil, errors.New("make challenge: the evidence holds no endorsement key")
	}
	q := &Questions{Schema: QuestionsSchema, AKName: name}
	s := &Secrets{Schema: SecretsSchema, Enrolment: Enrolment{Schema: EnrolmentSchema, AKName: name}}
	for _, ek := range e.EKs {
		c, secret, err := makeChallenge(random, ek, e.AK)
		if err != nil {
			return nil, nil, err
		}
		q.Challenges, s.Secrets = append(q.Challenges, *c), append(s.Secrets, secret)
		s.Enrolment.EKs = append(s.Enrolment.EKs, ekDigest(ek))
	}
	return q, s, nil
}

// Answer answers all challenges with the TPM.
func Answer(t transport.TPM, q *Questions) (*Answers, error) {
	a := &Answers{Schema: AnswersSchema}
	for i := range q.Challenges {
		secret, err := Solve(t, &q.Challenges[i])
		if err != nil {
			return nil, err
		}
		a.Answers = append(a.Answers, secret)
	}
	return a, nil
}

// Enrol compares the answers with the secrets, each in constant time.
func Enrol(s *Secrets, a *Answers) (*Enrolment, error) {
	if len(s.Secrets) == 0 || len(s.Secrets) != len(s.Enrolment.EKs) || len(a.Answers) != len(s.Secrets) {
		return nil, fmt.Errorf("%w: %d answers to %d challenges", ErrAnswer, len(a.Answers), len(s.Secrets))
	}
	right := 1
	for i, secret := range s.Secrets {
		if len(secret) != SecretBytes {
			return nil, fmt.Errorf("the secret of challenge %d has %d bytes, not %d", i, len(secret), SecretBytes)
		}
		right &= subtle.ConstantTimeCompare(secret, a.Answers[i])
	}
	if right != 1 {
		return nil, ErrAnswer
	}
	return &s.Enrolment, nil
}

// ParseQuestions, ParseSecrets, ParseAnswers and ParseEnrolment read the
// documents and check their form.
func ParseQuestions(b []byte) (*Questions, error) {
	q, err := parse(b, QuestionsSchema, func(q *Questions) string { return q.Schema })
	if err == nil && (len(q.Challenges) == 0 || len(q.Challenges) > maxEKs) {
		return nil, fmt.Errorf("%s: %d challenges, not 1 to %d", QuestionsSchema, len(q.Challenges), maxEKs)
	}
	return q, err
}

func ParseSecrets(b []byte) (*Secrets, error) {
	return parse(b, SecretsSchema, func(s *Secrets) string { return s.Schema })
}

func ParseAnswers(b []byte) (*Answers, error) {
	return parse(b, AnswersSchema, func(a *Answers) string { return a.Schema })
}

func ParseEnrolment(b []byte) (*Enrolment, error) {
	e, err := parse(b, EnrolmentSchema, func(e *Enrolment) string { return e.Schema })
	if err != nil {
		return nil, err
	}
	if _, err := hex.DecodeString(e.AKName); err != nil || e.AKName == "" || len(e.EKs) == 0 {
		return nil, fmt.Errorf("%s: it names no attestation key or no endorsement key", EnrolmentSchema)
	}
	return e, nil
}

func parse[T any](b []byte, schema string, of func(*T) string) (*T, error) {
	var v T
	if err := strictjson.Unmarshal(b, documentLimit, &v); err != nil {
		return nil, fmt.Errorf("%s: %w", schema, err)
	}
	if got := of(&v); got != schema {
		return nil, fmt.Errorf("schema %.60q is not %q", got, schema)
	}
	return &v, nil
}

// MarshalDocument writes any of the documents of an enrolment.
func MarshalDocument[T Questions | Secrets | Answers | Enrolment](v *T) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(bytes.TrimSpace(b), '\n'), nil
}
