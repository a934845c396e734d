package nvidia

import (
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// redfishKey is what tells an answer of a management controller from others.
const redfishKey = "SignedMeasurements"

// redfish is what the action SPDMGetSignedMeasurements of ComponentIntegrity answers
// (DMTF DSP0266 and the schema ComponentIntegrity). The chain is a resource of its own.
type redfish struct {
	Hash         string `json:"HashingAlgorithm"`
	Measurements string `json:"SignedMeasurements"`
	Signature    string `json:"SigningAlgorithm"`
	Version      string `json:"Version"`
}

// redfishHashes are the names that controllers give to hashes.
var redfishHashes = map[string]crypto.Hash{
	"": 0, "TPM_ALG_SHA_256": crypto.SHA256, "TPM_ALG_SHA_384": crypto.SHA384, "TPM_ALG_SHA_512": crypto.SHA512,
	"SHA256": crypto.SHA256, "SHA384": crypto.SHA384, "SHA512": crypto.SHA512,
}

// readRedfish reads one device. Which hash was signed SPDM 1.1 does not say in its
// messages; the controller says it, and what it says wrongly does not verify.
func readRedfish(b []byte) ([]Evidence, error) {
	var r redfish
	if err := strictjson.Decode(b, strictjson.Limits{Bytes: MaxFile, Unknown: true}, &r); err != nil {
		return nil, err
	}
	hash, known := redfishHashes[r.Hash]
	if !known {
		return nil, fmt.Errorf("the hash %.40q is not supported", r.Hash)
	}
	transcript, err := base64.StdEncoding.DecodeString(r.Measurements)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", redfishKey, err)
	}
	if len(transcript) == 0 {
		return nil, errors.New("no measurements are in it")
	}
	return []Evidence{{Evidence: spdm.Evidence{Transcript: transcript, Hash: hash}}}, nil
}
