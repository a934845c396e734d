package reference

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/catalogue/overlay"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/rules"
)

// OpenChannels opens a state directory that must be there, and names its channels. One of
// them may be named as the one that gives reference data.
func OpenChannels(dir, data string) (*Channels, error) {
	d, err := state.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no channel is kept in %s: subscribe to one with channel update, or say where with --state", dir)
	}
	if err != nil {
		return nil, state.Fault(fmt.Errorf("open the state %s: %w", dir, err))
	}
	names, err := d.Names()
	switch {
	case err != nil:
		err = state.Fault(err)
	case len(names) == 0:
		err = fmt.Errorf("no channel is kept in %s: subscribe to one with channel update", dir)
	case data != "" && !slices.Contains(names, data):
		err = fmt.Errorf("no channel %.80q is kept in %s: there are %s", data, dir, strings.Join(names, ", "))
	default:
		return &Channels{Dir: d, Names: names, Data: data}, nil
	}
	d.Close()
	return nil, err
}

// Channel is what facts say of a kept channel.
func Channel(c *state.Channel) *facts.Channel {
	return &facts.Channel{Root: c.Versions.Root, Timestamp: c.Versions.Timestamp, Snapshot: c.Versions.Snapshot, Targets: c.Versions.Targets,
		Expires: c.Expires.UTC(), Manifests: len(c.Manifests), Data: len(c.Data)}
}

// addChannels takes the manifests of the kept channels. A channel that does not verify
// gives none, and one that has expired gives what it has: both are problems of the
// report.
func (r *Reference) addChannels(ctx context.Context, kept *Channels, now time.Time) ([]*manifest.Manifest, error) {
	var verified []*manifest.Manifest
	for _, name := range kept.Names {
		c, err := kept.Dir.Load(ctx, name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemSignature, Input: "channel " + name, Cause: err.Error()})
			continue
		}
		if c.Expired(now) {
			r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemStale, Input: "channel " + name, Cause: expired(c)})
		}
		if name == kept.Data {
			r.takeData(c, kept.Rules)
			if kept.Rules && r.rules == nil {
				r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemInput, Input: "channel " + name, Cause: "--channel-rules: the channel carries no rules that can be used"})
			}
		}
		of := r.manifestsOf(c, now)
		verified = append(verified, of.verified...)
		set := DataSet{Name: ChannelPrefix + name, Date: c.Checked.Format(time.DateOnly), SHA256: c.SHA256(), Channel: Channel(c)}
		set.Channel.Untrusted = of.untrusted
		r.channels = append(r.channels, set)
		for _, m := range of.verified {
			r.channelOf[m] = set.Channel
		}
	}
	return verified, nil
}

func expired(c *state.Channel) string {
	return fmt.Sprintf("its %s expired on %s: manifests and revocations published since are not known; bring it up to date with channel update",
		c.Role, c.Expires.UTC().Format(time.RFC3339))
}

// ofChannel is what the trust file lets through of a channel.
type ofChannel struct {
	verified  []*manifest.Manifest
	untrusted int
}

// manifestsOf verifies the manifests of a channel. One by somebody whom the trust
// file does not name is counted and left alone: a channel may carry manifests of
// people whom its reader does not know. All else that is wrong is a problem.
func (r *Reference) manifestsOf(c *state.Channel, now time.Time) ofChannel {
	var of ofChannel
	if r.Trust == nil { // the channel gives data, and nobody's manifests are believed
		of.untrusted = len(c.Manifests)
		return of
	}
	for _, f := range c.Manifests {
		name := c.Name + "/" + f.Name
		m, err := manifest.Verify(f.Data, name, r.Trust, now)
		switch {
		case errors.Is(err, seal.ErrUnknownKey), errors.Is(err, seal.ErrUnknownIdentity):
			of.untrusted++
		case err != nil:
			r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemSignature, Input: name, Cause: err.Error()})
		default:
			of.verified = append(of.verified, m)
		}
	}
	return of
}

// takeData takes the reference data of the channel that was named for it. What the program
// carries is the floor: older data are set aside, which decides nothing; data that the rules
// cannot judge by are a problem, and the program's own are used.
func (r *Reference) takeData(c *state.Channel, withRules bool) {
	for _, f := range c.Data {
		name := strings.TrimSuffix(f.Name, ".json")
		if name == RuleData && !withRules {
			continue
		}
		set, err := r.takeBody(name, f.Data, ChannelPrefix+c.Name)
		switch {
		case errors.Is(err, rules.ErrOlder):
			r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemOutdated, Input: "channel " + c.Name, Cause: err.Error() + ": set aside"})
		case err != nil:
			r.Problems = append(r.Problems, report.Problem{Kind: report.ProblemInput, Input: "channel " + c.Name, Cause: err.Error()})
		default:
			set.From = ChannelPrefix + c.Name
			r.sets = append(r.sets, set)
		}
	}
}

// CatalogueData is the name of the body of data that holds rows of the catalogue.
const CatalogueData = "catalogue"

// CheckData says why a body of data of a name could not take part in an audit by this
// program: [rules.ErrOlder] where it would be set aside, [rules.ErrNoSuchData] where nothing
// reads such data.
func CheckData(name string, text []byte) error {
	r := &Reference{Catalogues: &Catalogues{}}
	if name == CatalogueData || name == SightingData {
		r.Catalogue = catalogue.Load()
	}
	_, err := r.takeBody(name, text, "you")
	return err
}

// takeBody takes a body of data: rows of the catalogue, one of those that have a taker, or
// what rules read.
func (r *Reference) takeBody(name string, text []byte, from string) (DataSet, error) {
	switch {
	case name == CatalogueData:
		return r.takeRows(text, from)
	case takers[name] != nil:
		return r.take(name, text, from)
	}
	set, err := rules.Newer(name, text)
	if err != nil {
		return DataSet{}, err
	}
	if r.data == nil {
		r.data = map[string][]byte{}
	}
	r.data[name] = text
	return DataSet{Name: set.Name, Date: set.Date, SHA256: set.SHA256}, nil
}

// takeRows lays rows of the catalogue on those of the program and of operators. Rows from
// before the program's own catalogue were known when that was made.
func (r *Reference) takeRows(text []byte, from string) (DataSet, error) {
	rows, err := overlay.Parse(text)
	if err != nil {
		return DataSet{}, fmt.Errorf("catalogue: %w", err)
	}
	for _, own := range embedded {
		if own.Name == CatalogueData && rows.Date < own.Date {
			return DataSet{}, fmt.Errorf("catalogue is of %.40s, %w, which are of %s", rows.Date, rules.ErrOlder, own.Date)
		}
	}
	merged, replaced, err := r.With(rows, from)
	if err != nil {
		return DataSet{}, err
	}
	r.Catalogue = merged
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:])
	r.Operators = append(r.Operators, report.Catalogue{Name: rows.Name, Date: rows.Date, SHA256: digest, Signer: from, Rows: rows.Count(), Replaced: append([]string{}, replaced...)})
	r.carried = map[string]string{rows.Name: from}
	return DataSet{Name: "catalogue-" + rows.Name, Date: rows.Date, SHA256: digest}, nil
}
