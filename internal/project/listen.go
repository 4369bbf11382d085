package project

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// checkAddress checks the form of an address to listen on.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("expected host:port, as in 127.0.0.1:8080 or [::1]:8080, found %q", address)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("expected a port from 0 to 65535 in %q, found %q", address, port)
	} else if strings.ContainsAny(host, " /") {
		return fmt.Errorf("expected a host before port %d in %q, found %q", number, address, host)
	}
	return nil
}

// CheckListen refuses an address that other machines can reach, unless the
// project allows it. It is for commands that serve.
func (s *Settings) CheckListen() error {
	if s.Insecure || Loopback(s.Listen) {
		return nil
	}
	return fmt.Errorf("%s can be reached from other machines, and whoever reaches the API may change the data: "+
		"listen on 127.0.0.1, or allow it with --insecure", s.Listen)
}

// Loopback reports whether only this machine can reach a host:port. A name
// other than localhost is not looked up and counts as reachable.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
