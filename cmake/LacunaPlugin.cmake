# lacuna_plugin(models/mean mean.c ...): builds <build>/plugins/models/mean.so from the sources and
# links it to liblacuna. Used by Lacuna's own plugins and, installed, by third parties.
include_guard(GLOBAL)

function(lacuna_plugin kind_and_name)
  get_filename_component(kind ${kind_and_name} DIRECTORY)
  get_filename_component(name ${kind_and_name} NAME)
  if(NOT kind MATCHES "^(masks|initials|models|optimizers|metrics|readers)$")
    message(FATAL_ERROR "lacuna_plugin(${kind_and_name}): the part before the slash must be masks, "
                        "initials, models, optimizers, metrics or readers")
  endif()
  set(target lacuna_${kind}_${name})
  add_library(${target} MODULE ${ARGN})
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME ${name}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins/${kind})
  target_link_libraries(${target} PRIVATE Lacuna::lacuna m)
  if(TARGET lacuna_flags)
    target_link_libraries(${target} PRIVATE lacuna_flags)
    install(TARGETS ${target} LIBRARY DESTINATION ${LACUNA_PLUGIN_DIR}/${kind})
  else() # a third party's: beside Lacuna's own, wherever that is installed
    install(TARGETS ${target} LIBRARY DESTINATION ${LACUNA_INSTALLED_PLUGIN_DIR}/${kind})
  endif()
endfunction()
