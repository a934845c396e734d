package apart

import (
	"crypto/x509"
	"io/fs"
	"net/url"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/network"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// Judge is what a process without rights has.
type Judge struct {
	// Protection is what keeps it in.
	Protection *sandbox.Protection
	// Errand is what it was told, Access how it reaches the machine, and Sign how the
	// process outside signs for it.
	Errand *Errand
	Access *machine.Access
	Sign   Sign
}

// Enter makes a judge of this process. Before anything is parsed it gives up what it has;
// everything that it reads, writes and connects to is opened outside from then on.
func Enter() (*Judge, error) {
	protection, control, err := sandbox.Enter()
	if err != nil {
		return nil, err
	}
	client, err := broker.NewClient(control, machine.Classes()...)
	if err != nil {
		return nil, err
	}
	told, err := client.Told()
	if err != nil {
		return nil, err
	}
	e, err := readErrand(told)
	if err != nil {
		return nil, err
	}
	input.Through(client, e.User)
	outfile.Through(opener{client})
	network.Through(networkOf(client, e))
	access := &machine.Access{
		FS: client.Machine(), ROM: client.ROM, ByRoot: e.ByRoot, Full: e.Full, NVML: client.NVML, NVMLPlan: e.NVML,
		TPM: func() (transport.TPMCloser, error) { return client.OpenTPM() },
	}
	access.Scratch = protection.Scratch
	return &Judge{Protection: protection, Errand: e, Access: access, Sign: client.Sign}, nil
}

// networkOf is how a judge fetches: over connections that the process outside opens.
func networkOf(client *broker.Client, e *Errand) *network.Network {
	return &network.Network{
		Dial:  client.DialContext,
		Roots: func() (*x509.CertPool, error) { return network.Pool(e.Roots) },
		Proxy: func(base string) (*url.URL, error) {
			if proxy := e.Proxies[base]; proxy != "" {
				return url.Parse(proxy)
			}
			return nil, nil
		},
	}
}

// opener has outputs opened outside.
type opener struct{ *broker.Client }

func (o opener) Output(name string, mode fs.FileMode) (outfile.Remote, error) {
	f, err := o.Create(name, mode)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (o opener) Folder(name string, how outfile.How) (outfile.Folder, error) {
	f, err := o.Written(name, uint8(how))
	if err != nil {
		return nil, err
	}
	return written{f}, nil
}

// written is a folder that is written to by the process outside.
type written struct{ *broker.Written }

func (w written) Create(name string, mode fs.FileMode) (outfile.NewFile, error) {
	f, err := w.Written.Create(name, mode)
	if err != nil {
		return nil, err
	}
	return f, nil
}
