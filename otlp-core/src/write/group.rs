//! The three outer levels, alike in traces, metrics and logs: request, resource, scope.

/// Defines the writer of a request and of its resource and scope groups.
macro_rules! group_writers {
    (
        $signal:ident,
        $(#[$root_doc:meta])* $root:ident,
        $(#[$resource_doc:meta])* $resource:ident,
        $(#[$scope_doc:meta])* $scope:ident
    ) => {
        $(#[$root_doc])*
        #[derive(Clone)]
        pub struct $root {
            sink: $crate::write::Sink,
        }

        $(#[$resource_doc])*
        pub struct $resource<'a>($crate::write::Message<'a>);

        $(#[$scope_doc])*
        pub struct $scope<'a>($crate::write::Message<'a>);

        impl $root {
            /// An empty writer; memory comes with the first field.
            pub fn new() -> Self {
                Self::with_capacity(0)
            }

            /// An empty writer with room for `bytes` bytes of encoding.
            pub fn with_capacity(bytes: usize) -> Self {
                Self { sink: $crate::write::Sink::with_capacity(bytes) }
            }

            /// Begins a resource; `attributes` writes what describes it.
            pub fn resource(
                &mut self,
                attributes: impl FnOnce(&mut $crate::write::ResourceWriter<'_>),
            ) -> $resource<'_> {
                self.sink.begin();
                let mut group = $crate::write::Message::root(&mut self.sink).into_child(1, 0);
                attributes(&mut $crate::write::ResourceWriter::begin(&mut group));
                $resource(group)
            }

            /// Begins a resource that stands in another batch, with all that describes it.
            pub fn resource_like(&mut self, resource: Option<$crate::value::ResourceView<'_>>) -> $resource<'_> {
                self.sink.begin();
                let mut group = $crate::write::Message::root(&mut self.sink).into_child(1, 0);
                if let Some(resource) = resource {
                    group.element(1, resource.encoded());
                }
                $resource(group)
            }

            /// Items written so far: what the batch will count.
            pub const fn items(&self) -> usize {
                self.sink.items()
            }

            /// Values left empty because they were nested deeper than any parser takes (100 message levels). Each is
            /// also counted as a dropped attribute where its owner has such a count.
            pub const fn cut_values(&self) -> usize {
                self.sink.cut()
            }

            /// Bytes written so far, within a few: what to watch to end a batch by size.
            pub fn encoded_len(&self) -> usize {
                self.sink.len()
            }

            /// Ends all open messages and shows the request as encoded so far.
            pub fn encoded(&mut self) -> &[u8] {
                self.sink.encoded()
            }

            /// Ends the batch. The memory goes with it; the next batch starts with as much as this one took.
            pub fn finish(&mut self) -> $crate::Batch {
                self.sink.finish($crate::Signal::$signal)
            }

            /// Throws away what was written and keeps the memory.
            pub fn clear(&mut self) {
                self.sink.clear();
            }

            /// Takes the memory of a batch for the next one. Says whether it could: only while nothing is written, and
            /// only from a batch of which no clone is left.
            pub fn recycle(&mut self, batch: $crate::Batch) -> bool {
                self.sink.recycle(batch)
            }
        }

        impl Default for $root {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Debug for $root {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($root))
                    .field("items", &self.items())
                    .field("bytes", &self.encoded_len())
                    .finish_non_exhaustive()
            }
        }

        impl $resource<'_> {
            /// Schema URL of the resource and everything under it.
            pub fn schema_url(&mut self, url: &str) -> &mut Self {
                self.0.string(3, url);
                self
            }

            /// Begins a scope: name and version of the instrumenting library, empty where unknown.
            pub fn scope(&mut self, name: &str, version: &str) -> $scope<'_> {
                self.scope_with(name, version, |_| {})
            }

            /// Begins a scope that has attributes.
            pub fn scope_with(
                &mut self,
                name: &str,
                version: &str,
                attributes: impl FnOnce(&mut $crate::write::ScopeWriter<'_>),
            ) -> $scope<'_> {
                let mut group = self.0.child(2, 0);
                attributes(&mut $crate::write::ScopeWriter::begin(&mut group, name, version));
                $scope(group)
            }

            /// Begins a scope that stands in another batch, with all that describes it.
            pub fn scope_like(&mut self, scope: Option<$crate::value::ScopeView<'_>>) -> $scope<'_> {
                let mut group = self.0.child(2, 0);
                if let Some(scope) = scope {
                    group.element(1, scope.encoded());
                }
                $scope(group)
            }
        }

        impl $scope<'_> {
            /// Schema URL of the scope's items.
            pub fn schema_url(&mut self, url: &str) -> &mut Self {
                self.0.string(3, url);
                self
            }
        }

        $crate::write::opaque_debug!($resource, $scope);
    };
}

/// `Debug` that shows the name alone: a writer's state is the request around it.
macro_rules! opaque_debug {
    ($($writer:ident),*) => {$(
        impl std::fmt::Debug for $writer<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($writer)).finish_non_exhaustive()
            }
        }
    )*};
}

pub(crate) use {group_writers, opaque_debug};
