package project

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/larderhq/larder/internal/model"
)

// Version is what api.versions says of an API version.
type Version struct {
	Number     int
	Deprecated time.Time // zero: it is not
	Sunset     time.Time // zero: no plan
	Link       string    // an address that tells of its end; "" for none
	Dropped    bool      // it is not served

	place string // of its number
}

// versions takes api.versions. Each fault has the place of its own.
func (l *loader) versions(g given) error {
	members, err := g.mapping()
	if err != nil {
		return err
	}
	l.settings.API.Versions = nil
	for _, member := range members {
		at := func(node ast.Node) string {
			if g.file {
				return position(node)
			}
			return g.place
		}
		v := Version{place: at(member.Key)}
		if v.Number, err = (given{value: keyOf(member)}).number(1, 1000); err != nil {
			l.fail(v.place, fmt.Errorf("api.versions: expected the number of a version, found %q", keyOf(member)))
			continue
		}
		said, ok := member.Value.(*ast.MappingNode)
		if !ok {
			l.fail(at(member.Key), fmt.Errorf("api.versions: expected what is said of version %d, as in {deprecated: 2026-01-31}, found %s", v.Number, nodeName(member.Value)))
			continue
		}
		for _, part := range said.Values {
			if err := v.say(keyOf(part), given{node: part.Value}); err != nil {
				l.fail(at(part.Key), fmt.Errorf("api.versions: version %d: %w", v.Number, err))
			}
		}
		if !v.Deprecated.IsZero() && !v.Sunset.IsZero() && v.Sunset.Before(v.Deprecated) {
			l.fail(v.place, fmt.Errorf("api.versions: version %d goes away before it is deprecated (RFC 9745, section 4): make the sunset the later one", v.Number))
		}
		l.settings.API.Versions = append(l.settings.API.Versions, v)
	}
	return nil
}

// say takes one thing that is said of the version.
func (v *Version) say(what string, g given) (err error) {
	switch what {
	case "deprecated":
		v.Deprecated, err = g.moment()
	case "sunset":
		v.Sunset, err = g.moment()
	case "link":
		v.Link, err = g.page()
	case "served":
		var served bool
		served, err = g.boolean()
		v.Dropped = !served
	default:
		return unknown("word for a version", what, []string{"deprecated", "sunset", "link", "served"})
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// moment is a date, which begins at midnight UTC, or a time of RFC 3339.
func (g given) moment() (time.Time, error) {
	text, err := g.text()
	if err != nil {
		return time.Time{}, err
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("expected a date like 2026-12-31 or a time like 2026-12-31T12:00:00Z, found %q", text)
}

// page is the address of a web page, in a form that a header can hold.
func (g given) page() (string, error) {
	text, err := g.text()
	if err != nil {
		return "", err
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "" || strings.ContainsAny(text, "<>\"") {
		return "", fmt.Errorf("expected an address like https://example.org/api/v1-ends, found %q", text)
	}
	return address.String(), nil
}

// checkVersions holds api.versions against the versions that the models have.
func (l *loader) checkVersions(schema *model.Schema) (errs []error) {
	api, left := &l.settings.API, schema.Versions()
	latest := len(left)
	for _, v := range api.Versions {
		if v.Number > latest {
			errs = append(errs, fmt.Errorf("%s: api.versions: there is no version %d: the latest that the models name is %d", v.place, v.Number, latest))
		}
		if v.Dropped {
			left = slices.DeleteFunc(left, func(number int) bool { return number == v.Number })
		}
	}
	numbers := make([]string, len(left))
	for i, number := range left {
		numbers[i] = strconv.Itoa(number)
	}
	switch {
	case len(left) == 0:
		errs = append(errs, errors.New(api.Versions[0].place+": api.versions: no version is left to serve"))
	case api.DefaultVersion != 0 && !slices.Contains(left, api.DefaultVersion):
		errs = append(errs, fmt.Errorf("%s: api.defaultVersion: version %d is not served: expected one of %s", api.defaultPlace, api.DefaultVersion, strings.Join(numbers, ", ")))
	}
	l.checkCreates(schema)
	return errs
}

// checkCreates gives notice of the versions that can create no records of a
// type, because they lack a field that must have a value.
func (l *loader) checkCreates(schema *model.Schema) {
	served := l.settings.API.Served(schema)
	for _, t := range schema.Types {
		for _, f := range t.Fields {
			inColumn := f.Kind == model.Column || f.Kind == model.ToOne || f.Kind == model.JSONColumn
			if !inColumn || !f.Required || f.Default != nil || f.Generated || f.Hidden || f.ReadOnly || t.ReadOnly {
				continue
			}
			var lacking []string
			for _, v := range served {
				if t.Served(v.Number) && !f.Served(v.Number) {
					lacking = append(lacking, strconv.Itoa(v.Number))
				}
			}
			if lacking != nil {
				l.notices = append(l.notices, fmt.Sprintf(
					"%s:%d:%d: no %s can be created in version %s of the API: %s.%s must have a value and is not there; give it a @default, or let it be null",
					f.Position.File, f.Position.Line, f.Position.Column, t.Name, strings.Join(lacking, ", "), t.Name, f.Name))
			}
		}
	}
}

// Served are the API versions of a schema that are served, in their order,
// with what is said of them.
func (a API) Served(schema *model.Schema) []Version {
	var served []Version
	for _, number := range schema.Versions() {
		v := Version{Number: number}
		for _, said := range a.Versions {
			if said.Number == number {
				v = said
			}
		}
		if !v.Dropped {
			served = append(served, v)
		}
	}
	return served
}
