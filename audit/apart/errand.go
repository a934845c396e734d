package apart

import (
	"encoding/json"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// Errand is what only the process outside sees, and tells the judge. It is made before
// the judge starts, of nothing that a device says.
type Errand struct {
	// ByRoot says that root started the program, and User who did: a judge has another
	// user, or is root in a namespace of its own alone.
	ByRoot bool `json:"by_root"`
	User   int  `json:"user"`
	// NVML is how NVIDIA's library is asked about this machine, or why it is not.
	NVML machine.NVMLPlan `json:"nvml,omitzero"`
	// Full is how all of this machine is read, where somebody asked for that.
	Full *machine.Full `json:"full,omitempty"`
	// State is the folder in which channels are kept, Channel the place of one that is
	// subscribed to.
	State   string `json:"state,omitempty"`
	Channel string `json:"channel,omitempty"`
	// Proxies are those of places that are reached by one, and Roots the files and folders
	// of certificates by which hosts are known.
	Proxies map[string]string `json:"proxies,omitempty"`
	Roots   []string          `json:"roots,omitempty"`
	// Keys are the public keys with which the process outside signs, as a
	// SubjectPublicKeyInfo in DER each.
	Keys [][]byte `json:"keys,omitempty"`
	// Key is that of a baseline.
	Key *ToldKey `json:"key,omitempty"`
	// Secrets are what a redacted capture must not hold.
	Secrets []capture.Secret `json:"secrets,omitempty"`
}

// ToldKey is what a judge knows of the key of a baseline.
type ToldKey struct {
	File  string `json:"file"`
	InTPM bool   `json:"in_tpm"`
	// Made says that it is new, and Exposed what it means that it lies where it does.
	Made    bool   `json:"made"`
	Exposed string `json:"exposed"`
}

func (e *Errand) text() []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings, bools and numbers
	}
	return text
}

func readErrand(text []byte) (*Errand, error) {
	e := &Errand{}
	if err := json.Unmarshal(text, e); err != nil {
		return nil, fmt.Errorf("what this process was told: %w", err)
	}
	return e, nil
}
