package nvidia

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Types of the collections (RFC 9999, "Conceptual Message Wrapper") that NVIDIA's
// attestation SDK writes from its version 2 on. What stands behind the second slash is a
// version, which is read up to the first.
const (
	collectionKey = "__cmwc_t"
	inputType     = "tag:nvidia.com,2026:verifier-input/profiles/base/"
	itemType      = "tag:nvidia.com,2026:evidence-item/v1"

	mediaChain      = "application/vnd.nvidia.pem-cert-chain"
	mediaTranscript = "application/vnd.nvidia.spdm-measurement-transcript"
)

// wrapped is one device in a collection. Each value is a media type and the content in
// base64url. What else stands beside them, such as a nonce or the version of firmware, are
// hints of whoever made the file, and is not read: the report states its own.
type wrapped struct {
	Type        string   `json:"__cmwc_t"`
	Certificate []string `json:"certificate"`
	Evidence    []string `json:"evidence"`
}

// readCollection reads a collection of evidence, devices by name.
func readCollection(b []byte) ([]Evidence, error) {
	var members map[string]json.RawMessage
	if err := strictjson.Decode(b, strictjson.Limits{Bytes: MaxFile}, &members); err != nil {
		return nil, err
	}
	var kind string
	if err := json.Unmarshal(members[collectionKey], &kind); err != nil || !strings.HasPrefix(kind, inputType) {
		return nil, fmt.Errorf("a collection of the type %.100q is not supported", kind)
	}
	delete(members, collectionKey)
	delete(members, "nonce")
	delete(members, "hints")
	switch {
	case len(members) == 0:
		return nil, errEmpty
	case len(members) > MaxDevices:
		return nil, fmt.Errorf("%d devices, more than %d", len(members), MaxDevices)
	}
	var list []Evidence
	for _, name := range slices.Sorted(maps.Keys(members)) {
		e, err := unwrap(members[name])
		if err != nil {
			return nil, fmt.Errorf("device %.40q: %w", name, err)
		}
		list = append(list, *e)
	}
	return list, nil
}

func unwrap(b []byte) (*Evidence, error) {
	var w wrapped
	if err := strictjson.Decode(b, strictjson.Limits{Bytes: MaxFile, Unknown: true}, &w); err != nil {
		return nil, err
	}
	if w.Type != itemType {
		return nil, fmt.Errorf("an item of the type %.100q is not supported", w.Type)
	}
	transcript, err := content(w.Evidence, mediaTranscript)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	text, err := content(w.Certificate, mediaChain)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	chain, err := Chain(text)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &Evidence{Evidence: spdm.Evidence{Transcript: transcript, Chain: chain}}, nil
}

// content is what a wrapper of a media type holds.
func content(wrapper []string, media string) ([]byte, error) {
	if len(wrapper) != 2 {
		return nil, errors.New("no pair of a media type and a value")
	}
	if wrapper[0] != media {
		return nil, fmt.Errorf("media type %.100q, want %s", wrapper[0], media)
	}
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(wrapper[1], "="))
}
