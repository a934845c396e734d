package capture

import (
	"net"
	"os"
	"os/user"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/input"
)

// HostSecrets are what identifies the running machine and who runs this: a redacted
// capture in which one of them is left is not written, whichever machine it is of.
func HostSecrets(getenv func(string) string) []Secret {
	var list []Secret
	add := func(kind, value string) {
		if value = strings.TrimSpace(value); value != "" {
			list = append(list, Secret{Kind: kind, Value: value})
		}
	}
	if name, err := os.Hostname(); err == nil {
		add("this machine's name", name)
		short, _, _ := strings.Cut(name, ".")
		add("this machine's name", short)
	}
	if u, err := user.Current(); err == nil {
		add("the user's name", u.Username)
		add("the user's full name", u.Name)
	}
	for _, variable := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		add("the user's name", getenv(variable))
	}
	for _, file := range []string{"/etc/machine-id", "/proc/sys/kernel/random/boot_id"} {
		if f, err := input.Read(file, 4096); err == nil {
			add("this machine's id", string(f.Data))
		}
	}
	for _, address := range hostAddresses() {
		add("an address of this machine", address)
	}
	return list
}

// hostAddresses are those of the network interfaces, without the ones that all
// machines have.
func hostAddresses() []string {
	var list []string
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil // confined, or without a network: nothing to look for
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		list = append(list, i.HardwareAddr.String())
		addresses, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addresses {
			if ip, ok := a.(*net.IPNet); ok {
				list = append(list, ip.IP.String())
			}
		}
	}
	return list
}
