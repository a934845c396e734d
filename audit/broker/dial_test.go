package broker

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"testing"
)

// TestPublic: what the Internet reaches, and nothing in this machine and its networks,
// however it is written.
func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"93.184.215.14": true, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": true, "::ffff:93.184.215.14": true,
		"127.0.0.1": false, "::1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false, "198.18.0.1": false, "192.0.0.192": false, "fe80::1": false, "fd00:ec2::254": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false,
		"64:ff9b::a9fe:a9fe": false, "2002:7f00:1::": false, "2001::1": false,
	} {
		if public(netip.MustParseAddr(text)) != want {
			t.Errorf("%s", text)
		}
	}
}

// TestDial: to the host that was named, and with a right to all of the Internet still to
// none in this machine.
func TestDial(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("hello"))
			c.Close()
		}
	}()
	address := listener.Addr().String()
	c, _ := serve(t, []Grant{{Dial, address}, {Dial, PublicHTTPS}}, Rights{}, DefaultLimits())
	conn, err := c.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 5)
	if n, err := conn.Read(text); err != nil || string(text[:n]) != "hello" {
		t.Errorf("%q %v", text[:n], err)
	}
	conn.Close()
	for _, other := range []string{"127.0.0.1:443", "localhost:443", "[::1]:443", "169.254.169.254:443", "10.0.0.1:443", "127.0.0.1:22", "example.org:80", "*:443", ":443", "example.org"} {
		if _, err := c.DialContext(t.Context(), "tcp", other); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", other, err)
		}
	}
	only, _ := serve(t, []Grant{{Dial, address}}, Rights{}, DefaultLimits())
	if _, err := only.DialContext(t.Context(), "tcp", "93.184.215.14:443"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a host that was not named: %v", err)
	}
}
