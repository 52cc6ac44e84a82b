//! Registries from files: folders of definitions, resolved files, and the registries that a manifest names.

use std::borrow::Cow;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::{Error, Place, Problem};
use super::field::Fields;
use super::item::Definitions;
use super::limit::Limits;
use super::link::{Keep, link};
use super::{definition, groups, resolved, yaml};
use crate::registry::{Registry, Source};

impl Registry {
    /// Resolves a registry: a folder with YAML files of either dialect, or a file in the resolved form.
    ///
    /// Registries that the folder's `manifest.yaml` names as dependencies are resolved first: from their path, or the
    /// built-in one for the OpenTelemetry registry. The result has the folder's own definitions, what they import,
    /// and the attributes they refer to.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with file, line and id.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Resolver::new().load(path)
    }

    /// Resolves a registry on top of another one, and keeps everything of both.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load); a live definition of a name that is live in `base` too is a duplicate.
    pub fn load_on(path: impl AsRef<Path>, base: &Self) -> Result<Self, Error> {
        Resolver::new().on(base).load(path)
    }
}

/// How registries are resolved: limits, what they stand on, what they are called.
#[derive(Clone, Debug, Default)]
pub struct Resolver<'b> {
    limits: Limits,
    base: Option<&'b Registry>,
    schema_url: Option<String>,
}

/// A manifest's file names, in the order in which they are looked for.
const MANIFESTS: [&str; 2] = ["manifest.yaml", "registry_manifest.yaml"];

/// The schema URLs that the built-in registry answers for.
const OPENTELEMETRY: &str = "https://opentelemetry.io/schemas/";

impl<'b> Resolver<'b> {
    /// Default limits, on top of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the limits.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Puts what is resolved on top of `base`, all of which becomes part of the result.
    #[must_use]
    pub const fn on(mut self, base: &'b Registry) -> Self {
        self.base = Some(base);
        self
    }

    /// The schema URL, for registries whose manifest gives none.
    #[must_use]
    pub fn schema_url(mut self, schema_url: impl Into<String>) -> Self {
        self.schema_url = Some(schema_url.into());
        self
    }

    /// Resolves a folder or a resolved file, as [`Registry::load`] does.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with file, line and id.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Registry, Error> {
        self.path(path.as_ref(), &mut Vec::new())
    }

    /// Resolves files that are already read: pairs of a name, for errors, and the text.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with file, line and id.
    pub fn files<'f>(&self, files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Registry, Error> {
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), Cow::Borrowed(text))).collect();
        self.resolve(files, Vec::new(), None)
    }

    /// `above`: the registries that led here, to find circles.
    fn path(&self, path: &Path, above: &mut Vec<PathBuf>) -> Result<Registry, Error> {
        let name = path.display().to_string();
        let at = |problem| Error::new(Place { file: name.clone(), ..Place::default() }, problem);
        let real = path.canonicalize().map_err(|error| at(Problem::Read(error)))?;
        if let Some(start) = above.iter().position(|above| *above == real) {
            let circle: Vec<_> =
                above[start..].iter().chain([&real]).map(|path| path.display().to_string()).collect();
            return Err(at(Problem::Cycle(circle.join(" > "))));
        }
        if above.len() >= self.limits.chain {
            let problem = Problem::Limit {
                limit: self.limits.chain,
                what: "registries on each other",
                setting: "chain",
            };
            return Err(at(problem));
        }
        above.push(real);
        let mut files = Files { limits: &self.limits, bytes: 0, found: Vec::new() };
        let mut manifest = None;
        if path.is_dir() {
            for file in MANIFESTS.map(|file| path.join(file)) {
                if manifest.is_none() && file.is_file() {
                    manifest = Some(Manifest::read(path, &file, &mut files)?);
                }
            }
        }
        let manifest = manifest.unwrap_or_default();
        match &manifest.resolved {
            // A published registry: the manifest points at its one file.
            Some(file) => files.add(path, &path.join(file))?,
            None if path.is_dir() => files.folder(path, path, 0)?,
            None => files.add(path.parent().unwrap_or(path), path)?,
        }
        let mut bases = Vec::new();
        for dependency in &manifest.dependencies {
            bases.push(match &dependency.path {
                Some(below) => Cow::Owned(
                    Resolver { base: None, schema_url: None, ..self.clone() }
                        .path(&path.join(below), above)?,
                ),
                // The caller's base answers for it, whatever it is.
                None if self.base.is_some() => continue,
                None if dependency.schema_url.starts_with(OPENTELEMETRY) => {
                    Cow::Borrowed(Registry::builtin())
                }
                None => {
                    let name = dependency.schema_url.clone();
                    return Err(Error::new(
                        dependency.place.clone(),
                        Problem::Dangling { what: "the registry (nothing is fetched; give its path)", name },
                    ));
                }
            });
        }
        above.pop();
        self.resolve(files.found, bases, manifest.schema_url)
    }

    /// Resolves texts on top of what the manifest names and what the caller gave.
    fn resolve(
        &self,
        files: Vec<(String, Cow<'_, str>)>,
        mut bases: Vec<Cow<'b, Registry>>,
        schema_url: Option<String>,
    ) -> Result<Registry, Error> {
        let mut definitions = Definitions::default();
        let mut resolved = None;
        let mut nodes = 0;
        for (name, text) in &files {
            let Some(node) = yaml::parse(name, text, &self.limits, &mut nodes)? else { continue };
            let place = Place { file: name.clone(), ..Place::default() };
            let file = Fields::of(&node, &place, "the file")?;
            let format = file.text("file_format")?.unwrap_or_default();
            let old = format.is_empty() && (file.has("groups") || file.has("imports"));
            let new = format.starts_with("definition/2") || file.text("version")?.as_deref() == Some("2");
            if old || new {
                definition::read(&file, &mut definitions)?;
                groups::read(&file, &mut definitions)?;
            } else if format.starts_with("resolved/2") && resolved.is_none() {
                resolved = Some(resolved::read(&file, &self.limits)?);
            } else {
                let found =
                    if format.is_empty() { "neither `groups` nor `file_format`".to_owned() } else { format };
                return Err(file.error(Problem::Format(found)));
            }
        }
        let schema_url = schema_url.or_else(|| self.schema_url.clone());
        let keep = if self.base.is_some() || resolved.is_some() { Keep::All } else { Keep::Imported };
        let schema_url = match &resolved {
            Some(resolved) => schema_url.unwrap_or_else(|| resolved.sources[0].schema_url.to_string()),
            None => schema_url.unwrap_or_default(),
        };
        // A resolved file stands on what it was given on, like definitions would.
        let is_resolved = resolved.is_some();
        bases.splice(0..0, resolved.map(Cow::Owned));
        bases.extend(self.base.map(Cow::Borrowed));
        let schema_url = schema_url.into();
        link(definitions, Source { schema_url }, &bases, is_resolved, keep, &self.limits)
    }
}

/// What a manifest says.
#[derive(Default)]
struct Manifest {
    schema_url: Option<String>,
    /// The resolved file of a published registry.
    resolved: Option<String>,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    place: Place,
    schema_url: String,
    path: Option<String>,
}

impl Manifest {
    fn read(root: &Path, file: &Path, files: &mut Files<'_>) -> Result<Self, Error> {
        let (name, text) = files.text(root, file)?;
        let place = Place { file: name.clone(), ..Place::default() };
        let Some(node) = yaml::parse(&name, &text, files.limits, &mut 0)? else { return Ok(Self::default()) };
        let fields = Fields::of(&node, &place, "the manifest")?;
        let mut dependencies = Vec::new();
        for node in fields.list("dependencies")? {
            let fields = Fields::of(node, &place, "a dependency")?;
            let name = fields.text("name")?;
            let schema_url = fields.text("schema_url")?.or(name).unwrap_or_default();
            dependencies.push(Dependency {
                place: fields.place.clone(),
                schema_url,
                path: fields.text("registry_path")?,
            });
        }
        // Manifests before 1.43 give the two halves of the URL.
        let halves = match (fields.text("schema_base_url")?, fields.text("semconv_version")?) {
            (Some(base), Some(version)) => Some(format!("{}/{version}", base.trim_end_matches('/'))),
            _ => None,
        };
        let resolved = fields.text("resolved_registry_uri")?.or(fields.text("resolved_schema_uri")?);
        // Wherever it is published, beside the manifest it has the same name.
        let resolved = resolved.map(|uri| uri.rsplit('/').next().unwrap_or_default().to_owned());
        Ok(Self { schema_url: fields.text("schema_url")?.or(halves), resolved, dependencies })
    }
}

/// Files that are read, within limits.
struct Files<'l> {
    limits: &'l Limits,
    bytes: usize,
    found: Vec<(String, Cow<'static, str>)>,
}

impl Files<'_> {
    fn add(&mut self, root: &Path, file: &Path) -> Result<(), Error> {
        let read = self.text(root, file)?;
        self.found.push(read);
        Ok(())
    }

    /// All YAML files below a folder, in the order of their names; links to folders are not followed.
    fn folder(&mut self, root: &Path, folder: &Path, depth: usize) -> Result<(), Error> {
        let at = |path: &Path, problem| {
            let file = path.strip_prefix(root).unwrap_or(path).display().to_string();
            Error::new(Place { file, ..Place::default() }, problem)
        };
        if depth > self.limits.depth {
            let problem =
                Problem::Limit { limit: self.limits.depth, what: "levels of folders", setting: "depth" };
            return Err(at(folder, problem));
        }
        let read = |error| at(folder, Problem::Read(error));
        let entries = fs::read_dir(folder).map_err(read)?.collect::<Result<Vec<_>, _>>().map_err(read)?;
        let mut paths: Vec<_> = entries.into_iter().map(|entry| (entry.path(), entry.file_type())).collect();
        paths.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (path, kind) in paths {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let kind = kind.map_err(|error| at(&path, Problem::Read(error)))?;
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                self.folder(root, &path, depth + 1)?;
            } else if (name.ends_with(".yaml") || name.ends_with(".yml")) && !MANIFESTS.contains(&&*name) {
                self.add(root, &path)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, root: &Path, file: &Path) -> Result<(String, Cow<'static, str>), Error> {
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
        let at = |problem| Error::new(Place { file: name.clone(), ..Place::default() }, problem);
        if self.found.len() >= self.limits.files {
            return Err(at(Problem::Limit { limit: self.limits.files, what: "files", setting: "files" }));
        }
        let left = self.limits.bytes.saturating_sub(self.bytes) as u64;
        let mut text = Vec::new();
        let opened = fs::File::open(file).map_err(|error| at(Problem::Read(error)))?;
        opened.take(left + 1).read_to_end(&mut text).map_err(|error| at(Problem::Read(error)))?;
        if text.len() as u64 > left {
            return Err(at(Problem::Limit { limit: self.limits.bytes, what: "bytes", setting: "bytes" }));
        }
        self.bytes += text.len();
        let text = String::from_utf8(text).map_err(|error| at(Problem::Yaml(error.to_string())))?;
        Ok((name, Cow::Owned(text)))
    }
}
