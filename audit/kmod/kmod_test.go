package kmod_test

import (
	"errors"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/kmod"
)

func TestModinfo(t *testing.T) {
	whole := hosttest.ELF(map[string]string{"name": "amdgpu", "version": "6.1", "intree": "Y", "firmware": "amdgpu/x.bin", "vermagic": "6.1.0 SMP"})
	m, err := kmod.Modinfo(whole)
	if err != nil || *m.Version != "6.1" || !m.InTree || len(m.Firmware) != 1 || m.Firmware[0] != "amdgpu/x.bin" || *m.VerMagic != "6.1.0 SMP" || m.License != nil {
		t.Errorf("%+v, %v", m, err)
	}
	for n := range whole {
		if _, err := kmod.Modinfo(whole[:n]); err == nil && n < 64 {
			t.Errorf("%d bytes were read as a module", n)
		}
	}
	if _, err := kmod.Modinfo([]byte("text")); !errors.Is(err, kmod.ErrMalformed) {
		t.Errorf("error is %v", err)
	}
}

func FuzzModinfo(f *testing.F) {
	f.Add(hosttest.ELF(map[string]string{"name": "amdgpu", "firmware": "amdgpu/x.bin"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := kmod.Modinfo(b); err == nil && len(m.Firmware) > len(b) {
			t.Errorf("%d firmware files of %d bytes", len(m.Firmware), len(b))
		}
	})
}
