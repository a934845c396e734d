package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	rekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// strictEntry refuses what is in a log entry and what neither the log's promise
// nor its inclusion proof signs. sigstore passes over such parts: the kind, the
// body of a Rekor 2 entry (it makes its own), the size of the tree, the name
// before the checkpoint's signature.
func strictEntry(e *rekor.TransparencyLogEntry) error {
	p := e.GetInclusionProof()
	switch {
	case p == nil:
		return errors.New("it has no inclusion proof")
	case len(e.GetInclusionPromise().GetSignedEntryTimestamp()) > 0: // it signs index and time
	case e.GetIntegratedTime() != 0:
		return errors.New("its time is signed by nobody")
	case e.GetLogIndex() != p.GetLogIndex():
		return errors.New("its index is not that of the inclusion proof")
	}
	var body struct {
		Kind       string `json:"kind"`
		APIVersion string `json:"apiVersion"`
	}
	if err := strictjson.Decode(e.GetCanonicalizedBody(), strictjson.Limits{Bytes: BundleLimit, Unknown: true}, &body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if kind := e.GetKindVersion(); kind.GetKind() != body.Kind || kind.GetVersion() != body.APIVersion {
		return fmt.Errorf("its kind is %.40q %.20q and its body's %.40q %.20q", kind.GetKind(), kind.GetVersion(), body.Kind, body.APIVersion)
	}
	if err := strictCheckpoint(p); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(e.GetCanonicalizedBody())
	return proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.GetLogIndex()), uint64(p.GetTreeSize()), leaf, p.GetHashes(), p.GetRootHash())
}

// signatureLimit caps the signatures of a checkpoint, as C2SP signed-note does.
const signatureLimit = 100

// strictCheckpoint compares the proof's size and root with the checkpoint
// (C2SP tlog-checkpoint) and asks for a signature of the log, which sigstore
// verifies. Witnesses may have signed the checkpoint too (C2SP tlog-cosignature).
// A trusted root names none of them, so their signatures are not verified and
// count for nothing; what they may be is only spelt well.
func strictCheckpoint(p *rekor.InclusionProof) error {
	text, signatures, found := strings.Cut(p.GetCheckpoint().GetEnvelope(), "\n\n")
	lines := strings.Split(text, "\n")
	if !found || len(lines) < 3 {
		return errors.New("it is malformed")
	}
	if lines[1] != strconv.FormatInt(p.GetTreeSize(), 10) || lines[2] != base64.StdEncoding.EncodeToString(p.GetRootHash()) {
		return errors.New("its tree is not that of the inclusion proof")
	}
	log, _, _ := strings.Cut(lines[0], " - ") // Rekor 1 adds the number of the tree
	seen := map[string]bool{}
	own := false
	for line := range strings.Lines(signatures) {
		name, err := strictSignature(line)
		switch {
		case err != nil:
			return err
		case seen[line]:
			return fmt.Errorf("a signature of %.80q stands in it twice", name)
		case len(seen) == signatureLimit:
			return fmt.Errorf("it has more than %d signatures", signatureLimit)
		}
		seen[line] = true
		own = own || name == log
	}
	if !own {
		return fmt.Errorf("it has no signature of the log %.80q", log)
	}
	return nil
}

// strictSignature takes one line of signatures apart (C2SP signed-note) and
// returns the name of the signer.
func strictSignature(line string) (string, error) {
	const keyID = 4 // bytes before the signature itself
	rest, dash := strings.CutPrefix(line, "\u2014 ")
	rest, ended := strings.CutSuffix(rest, "\n")
	name, blob, found := strings.Cut(rest, " ")
	if !dash || !ended || !found || name == "" || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '+' || !unicode.IsPrint(r) }) {
		return "", errors.New("what follows its text is not lines of signatures")
	}
	raw, err := base64.StdEncoding.DecodeString(blob)
	if err != nil || len(raw) <= keyID || base64.StdEncoding.EncodeToString(raw) != blob {
		return "", fmt.Errorf("the signature of %.80q is not in canonical base64", name)
	}
	return name, nil
}
