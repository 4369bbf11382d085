package source

import (
	"fmt"
	"net/url"
	"strings"
)

// redirect turns the fetch to a new address if it may go there.
func (f *fetch) redirect(status int, location string) error {
	to, err := f.target.Parse(location)
	if err != nil || location == "" || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return fmt.Errorf("status %d redirects to %q, which is no address: correct the source's url", status, short(location))
	}
	if f.target.Scheme == "https" && to.Scheme == "http" {
		return fmt.Errorf("status %d redirects to %s, from https to http: larder sends nothing unencrypted "+
			"where it began encrypted", status, printable(to))
	}
	if !sameHost(f.target, to) {
		if !f.settings.CrossHost {
			return fmt.Errorf("status %d redirects to another host, %s: if that is right, make it the source's url "+
				"(or set `redirects: any`, which sends the query there, without headers and token)", status, printable(to))
		}
		f.foreign = true
	}
	f.notice("%s redirects (status %d) to %s: set the source's url to it to save a round trip",
		printable(f.target), status, printable(to))
	to.Fragment = ""
	f.target = to
	return nil
}

// sameHost reports whether two addresses are of one host and port, where the
// step from http to https may change the port.
func sameHost(a, b *url.URL) bool {
	if !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	return a.Scheme != b.Scheme || port(a) == port(b)
}

func port(address *url.URL) string {
	if address.Port() != "" {
		return address.Port()
	}
	return map[string]string{"http": "80", "https": "443"}[address.Scheme]
}
