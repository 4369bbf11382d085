package module

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// script is a module with everything it imports, as one JavaScript text.
type script struct {
	entry    string
	code     string
	exported []string // names in the order of the module, as far as its text shows them
	mappings []byte   // a source map, from the code to the files
	files    []string
	modified time.Time
}

// globalName is the variable of the script that holds the module's exports.
const globalName = "larderModule"

// extensions are the endings of modules.
func extensions() []string { return []string{".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs"} }

// loaders tell how a file is read; any other is no module.
func loaders() map[string]api.Loader {
	return map[string]api.Loader{
		".ts": api.LoaderTS, ".mts": api.LoaderTS, ".cts": api.LoaderTS, ".tsx": api.LoaderTSX,
		".js": api.LoaderJS, ".mjs": api.LoaderJS, ".cjs": api.LoaderJS, ".json": api.LoaderJSON,
	}
}

// bundle makes one script of the module and what it imports from the folder.
func bundle(ctx context.Context, folder, entry string, limits Limits) (*script, error) {
	root, real, err := open(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it was only read from
	inside, err := enter(root, entry)
	if err != nil {
		return nil, err
	}
	files := &reader{root: root, folder: real, left: limits.Sources, limit: limits.Sources, read: map[string]string{}}
	result, err := build(ctx, real, inside, files)
	if err != nil {
		return nil, err
	}
	if len(result.Errors) > 0 {
		return nil, explain(result.Errors)
	}
	made := &script{entry: entry, files: slices.Sorted(maps.Keys(files.read)), modified: files.modified}
	made.exported = exportedNames(files.read[filepath.ToSlash(inside)])
	for _, file := range result.OutputFiles {
		if strings.HasSuffix(file.Path, ".map") {
			made.mappings = file.Contents
			continue
		}
		made.code = string(file.Contents)
	}
	return made, nil
}

// build runs esbuild until it is done or the context ends.
func build(caller context.Context, folder, inside string, files *reader) (api.BuildResult, error) {
	ctx, cancel := context.WithTimeout(caller, bundleTime)
	defer cancel()
	building, invalid := api.Context(api.BuildOptions{
		EntryPoints: []string{filepath.Join(folder, inside)}, AbsWorkingDir: folder, Outfile: filepath.Join(folder, "bundle.js"),
		Bundle: true, Format: api.FormatIIFE, GlobalName: globalName, Platform: api.PlatformNeutral,
		// Packages of the folder say where their modules are in one of these.
		MainFields: []string{"module", "main"}, Target: api.ES2022, Charset: api.CharsetUTF8,
		Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude, LegalComments: api.LegalCommentsNone,
		LogLevel: api.LogLevelSilent, Write: false, Plugins: []api.Plugin{files.plugin()},
	})
	if invalid != nil {
		return api.BuildResult{}, explain(invalid.Errors)
	}
	stop := context.AfterFunc(ctx, building.Cancel)
	defer stop()
	done := make(chan api.BuildResult, 1)
	go func() {
		defer building.Dispose()
		done <- building.Rebuild()
	}()
	select {
	case result := <-done:
		if ctx.Err() == nil {
			return result, nil
		}
	case <-ctx.Done(): // esbuild ends between two files; within one it is left to itself
	}
	name := filepath.ToSlash(inside)
	if caller.Err() != nil {
		return api.BuildResult{}, fmt.Errorf("read the module %s: %w", name, context.Cause(caller))
	}
	return api.BuildResult{}, fmt.Errorf("%s cannot be read as a module within %s: look for what is nested very deeply", name, bundleTime)
}

// reader gives esbuild the files of the folder and no others.
type reader struct {
	root   *os.Root
	folder string // its real path
	limit  int64

	mutex    sync.Mutex // esbuild loads several files at a time
	left     int64
	read     map[string]string // the texts of the files
	modified time.Time
}

// delegated marks a resolution that the plugin itself asked esbuild for.
type delegated struct{}

// plugin has the say in what is imported: esbuild resolves a path as TypeScript
// would, but a file outside of the folder is refused, and what is loaded is
// read through the root, which no link leads out of.
func (r *reader) plugin() api.Plugin {
	return api.Plugin{Name: "larder", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if _, ours := args.PluginData.(delegated); ours {
				return api.OnResolveResult{}, nil
			}
			found := build.Resolve(args.Path, api.ResolveOptions{
				Importer: args.Importer, Namespace: args.Namespace, ResolveDir: args.ResolveDir, Kind: args.Kind,
				PluginData: delegated{}, With: args.With,
			})
			if err := r.allow(args, found); err != nil {
				return api.OnResolveResult{}, err
			}
			return api.OnResolveResult{Path: found.Path, Namespace: found.Namespace}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := r.load(args)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			return api.OnLoadResult{
				Contents: &text, Loader: loaders()[filepath.Ext(args.Path)], ResolveDir: filepath.Dir(args.Path),
			}, nil
		})
	}}
}

var (
	address = regexp.MustCompile(`^[a-z][a-z0-9+.-]+:`)
	builtIn = regexp.MustCompile(`^(node:.*|assert|buffer|child_process|cluster|console|constants|crypto|dgram|dns|domain|events|` +
		`fs|fs/promises|http|http2|https|inspector|module|net|os|path|perf_hooks|process|punycode|querystring|readline|repl|` +
		`stream|string_decoder|sys|timers|timers/promises|tls|tty|url|util|v8|vm|wasi|worker_threads|zlib)$`)
)

// allow refuses an import that leads out of the folder or nowhere.
func (r *reader) allow(args api.OnResolveArgs, found api.ResolveResult) error {
	relative := strings.HasPrefix(args.Path, ".") || filepath.IsAbs(args.Path)
	switch {
	case len(found.Errors) == 0 && found.Namespace == "file" && !found.External && r.inside(found.Path):
		return nil
	case args.Kind == api.ResolveEntryPoint:
		return fmt.Errorf("%s cannot be read as a module", args.Path)
	case !relative && builtIn.MatchString(args.Path):
		return fmt.Errorf("cannot import %q, a part of Node: a data module is evaluated alone, without network, files and process", args.Path)
	case !relative && address.MatchString(args.Path):
		return fmt.Errorf("cannot import %q: a data module imports only files of the project's folder", args.Path)
	case len(found.Errors) == 0:
		return fmt.Errorf("cannot import %q: it leads out of the project's folder, and a data module imports nothing from outside", args.Path)
	case !relative:
		return fmt.Errorf("cannot import %q: there is no such package in the project's folder; import a file by its path, as in \"./units\"", args.Path)
	}
	return fmt.Errorf("cannot import %q: there is no such file in the project's folder", args.Path)
}

func (r *reader) inside(path string) bool {
	relative, err := filepath.Rel(r.folder, path)
	return err == nil && filepath.IsLocal(relative)
}

// load reads a file of the folder.
func (r *reader) load(args api.OnLoadArgs) (string, error) {
	if args.Namespace != "file" {
		return "", errors.New("cannot import what is not one file: write the whole path of a file of the project's folder")
	}
	relative, err := filepath.Rel(r.folder, args.Path)
	if err != nil || !filepath.IsLocal(relative) {
		return "", fmt.Errorf("cannot import %q: it lies outside of the project's folder", filepath.ToSlash(relative))
	}
	if _, known := loaders()[filepath.Ext(relative)]; !known {
		return "", fmt.Errorf("%s cannot be imported: expected TypeScript, JavaScript or JSON", filepath.ToSlash(relative))
	}
	file, err := r.root.Open(relative)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", filepath.ToSlash(relative), reason(err))
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", filepath.ToSlash(relative))
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	text, err := io.ReadAll(io.LimitReader(file, r.left+1))
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", filepath.ToSlash(relative), reason(err))
	}
	if r.left -= int64(len(text)); r.left < 0 {
		return "", fmt.Errorf("the module's files have more than %d MiB together: use a JSON or NDJSON file for that much data", r.limit>>20)
	}
	if deeplyNested(string(text)) {
		return "", fmt.Errorf("%s is nested too deeply to be read as a module", filepath.ToSlash(relative))
	}
	if info.ModTime().After(r.modified) {
		r.modified = info.ModTime()
	}
	r.read[filepath.ToSlash(relative)] = string(text)
	return string(text), nil
}

// The most that may be open at a time in a text. The parser takes about 1.5 kB
// of stack for each, and Go ends a process whose stack grows to 1 GB.
const (
	mostBrackets = 10_000
	mostSigns    = 100_000 // signs and words between two commas or semicolons
)

// deeplyNested reports whether a text might be nested too deeply to be parsed:
// in brackets, or by signs that each take what follows, such as !!!!x. It knows
// no strings and comments, so it errs where a text holds ten thousand brackets
// that nothing closes.
func deeplyNested(text string) bool {
	brackets, signs := 0, 0
	inWord := false
	for i := range len(text) {
		c := text[i]
		isWord := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
		switch c {
		case '(', '[', '{':
			brackets++
		case ')', ']', '}':
			brackets = max(brackets-1, 0)
		case ',', ';':
			signs = 0
		case ' ', '\t', '\r', '\n':
		default:
			if !isWord || !inWord {
				signs++
			}
		}
		inWord = isWord
		if brackets > mostBrackets || signs > mostSigns {
			return true
		}
	}
	return false
}

// reason is an error of the file system without the path, which is told apart.
func reason(err error) error {
	var detailed *os.PathError
	if errors.As(err, &detailed) {
		return detailed.Err
	}
	return err
}

// explain makes one sentence of what esbuild found.
func explain(messages []api.Message) error {
	first := messages[0]
	text := strings.TrimSuffix(first.Text, ".")
	if strings.HasPrefix(text, "Top-level await") {
		text = "a data module cannot wait for anything: remove the await, and write the value that it waits for"
	}
	if at := first.Location; at != nil && (at.Namespace == "" || at.Namespace == "file") {
		if !filepath.IsLocal(filepath.FromSlash(at.File)) {
			return errors.New("a file outside of the project's folder that the module refers to cannot be read")
		}
		text = fmt.Sprintf("%s:%d:%d: %s", at.File, at.Line, at.Column+1, text)
	}
	if more := len(messages) - 1; more > 0 {
		text = fmt.Sprintf("%s (and %d more)", text, more)
	}
	return errors.New(text)
}

// exporting recognises an export at the beginning of a text: a declaration, or
// a list in braces.
var exporting = regexp.MustCompile(`^export\s+(?:default\b()|(?:const|let|var|enum)\s+([\w$]+)|\{([^}]*)\})`)

// exportedNames are the names that a module's text exports, in its order. The
// bundle has them by the alphabet; a name that is not found here only comes
// later in the models.
func exportedNames(text string) []string {
	names := []string{}
	for {
		start := strings.Index(text, "export")
		if start < 0 {
			return names
		}
		text = text[start:]
		found := exporting.FindStringSubmatch(text)
		switch {
		case found == nil:
		case found[2] != "":
			names = append(names, found[2])
		case found[3] != "":
			for part := range strings.SplitSeq(found[3], ",") {
				if words := strings.Fields(part); len(words) > 0 {
					names = append(names, words[len(words)-1])
				}
			}
		default:
			names = append(names, "default")
		}
		text = text[len("export"):]
	}
}
