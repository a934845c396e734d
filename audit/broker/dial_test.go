package broker

import (
	"errors"
	"io/fs"
	"net"
	"testing"
)

// TestDial: to the host that was named, at the port that was named, and to no other,
// however it is spelt.
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
	c, _ := serve(t, []Grant{{Dial, address}, {Dial, "example.org:443"}}, Rights{}, DefaultLimits())
	conn, err := c.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 5)
	if n, err := conn.Read(text); err != nil || string(text[:n]) != "hello" {
		t.Errorf("%q %v", text[:n], err)
	}
	conn.Close()
	for _, other := range []string{"127.0.0.1:443", "localhost:443", "[::1]:443", "169.254.169.254:443", "10.0.0.1:443", "127.0.0.1:22", "example.org:80", "*:443", ":443", "example.org", "example.org.:443", "EXAMPLE.org:443", "www.example.org:443", "93.184.215.14:443"} {
		if _, err := c.DialContext(t.Context(), "tcp", other); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", other, err)
		}
	}
}
