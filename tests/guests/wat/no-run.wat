;; A component that is not a command: it exports a plain function and an interface, and imports nothing.
(component
  (core module $main
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $program (instantiate $main))
  (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $program "add")))
  (export "add" (func $add))
  (instance $math (export "add" (func $add)))
  (export "acme:math/arithmetic@1.0.0" (instance $math)))
