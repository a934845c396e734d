package main

import (
	"encoding/json"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// errandEnv is the variable in which a judge is told what only the process outside sees.
const errandEnv = "GPUAUDIT_ERRAND"

// errand is that: it is made before the judge starts, of nothing that a device says.
type errand struct {
	// ByRoot says that root started the program: a judge has another user, or is root in
	// a namespace of its own alone.
	ByRoot bool `json:"by_root"`
	// NVML is how NVIDIA's library is asked about this machine, or why it is not.
	NVML machine.NVMLPlan `json:"nvml,omitzero"`
	// Full is how all of this machine is read, where somebody asked for that.
	Full *machine.Full `json:"full,omitempty"`
}

func (e *errand) variable() string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and bools
	}
	return errandEnv + "=" + string(text)
}

func readErrand(text string) (*errand, error) {
	e := &errand{}
	if err := json.Unmarshal([]byte(text), e); err != nil {
		return nil, fmt.Errorf("%s is set by this program alone: %w", errandEnv, err)
	}
	return e, nil
}
