package reference

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/rules"
)

// Carriable says why a client could not use a file of the name in a channel; nil where it could.
func Carriable(name string, text []byte) error {
	_, unsigned := manifest.Unverified(text)
	body, isData := strings.CutSuffix(name, ".json")
	if !isData || strings.HasSuffix(body, ".sigstore") {
		if unsigned != nil {
			return fault.AsSignature(fmt.Errorf("no signed manifest: %w", unsigned))
		}
		return nil
	}
	err := CheckData(body, text)
	switch {
	case errors.Is(err, rules.ErrNoSuchData) && unsigned == nil:
		return errors.New("a manifest in a channel is called NAME.sigstore.json")
	case errors.Is(err, rules.ErrNoSuchData):
		return fmt.Errorf("no signed manifest, and %w", err)
	case err != nil && !errors.Is(err, rules.ErrOlder):
		return err
	}
	return nil
}
